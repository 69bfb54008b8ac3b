import { render } from 'preact';
import { App } from './app.tsx';
import './style/base.css';
import './style/controls.css';
import './style/pages.css';
import './style/keys.css';
import './style/value.css';
import { applyTheme } from './ui/theme.ts';

applyTheme();
render(<App />, document.getElementById('app')!);

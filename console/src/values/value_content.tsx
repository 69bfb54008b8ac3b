// A value, drawn as what it is.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { bytesText } from '../text/format.ts';
import { formatted } from '../text/json_text.ts';
import type { Nature, View } from './detect.ts';
import { bytesPerLine, hexLine } from './hex.ts';

export function ValueContent({ bytes, nature, view }: { bytes: Uint8Array<ArrayBuffer>; nature: Nature; view: View }) {
  if (bytes.length === 0) return <div class="content empty quiet">The value is empty.</div>;
  switch (view) {
    case 'json':
      return <JsonContent json={nature.text ?? ''} />;
    case 'image':
      return <ImageContent bytes={bytes} type={nature.imageType ?? ''} />;
    case 'hex':
      return <HexContent bytes={bytes} />;
    case 'text':
      return <TextContent text={nature.text ?? ''} />;
  }
}

const chunkLength = 32 * 1024;

// In chunks, of which a browser lays out those on the screen.
function TextContent({ text }: { text: string }) {
  const chunks = useMemo(() => {
    const all: string[] = [];
    for (let start = 0; start < text.length; ) {
      const line = text.indexOf('\n', start + chunkLength);
      const end = line >= 0 && line < start + 2 * chunkLength ? line + 1 : start + chunkLength;
      all.push(text.slice(start, end));
      start = end;
    }
    return all;
  }, [text]);
  return (
    <pre class="content" tabIndex={0} aria-label="Value" dir="auto">
      {chunks.map((chunk, i) => (
        <span key={i} class={chunks.length > 1 ? 'chunk' : ''}>
          {chunk}
        </span>
      ))}
    </pre>
  );
}

const colouredMax = 200_000; // characters

function JsonContent({ json }: { json: string }) {
  const text = useMemo(() => formatted(json), [json]);
  if (text.length > colouredMax) return <TextContent text={text} />;
  return (
    <pre class="content" tabIndex={0} aria-label="Value">
      {[...coloured(text)].map(([kind, token], i) =>
        kind ? (
          <span key={i} class={kind}>
            {token}
          </span>
        ) : (
          token
        ),
      )}
    </pre>
  );
}

function* coloured(json: string): Generator<[string, string]> {
  const pattern = /("(?:[^"\\]|\\.)*")(?=:)|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*)|(true|false|null)|[^"\d\-tfn]+|./gs;
  for (const [all, name, string, number, word] of json.matchAll(pattern)) {
    yield [name ? 'json-name' : string ? 'json-string' : number ? 'json-number' : word ? 'json-word' : '', all];
  }
}

function ImageContent({ bytes, type }: { bytes: Uint8Array<ArrayBuffer>; type: string }) {
  const [url, setUrl] = useState('');
  const [size, setSize] = useState('');
  const [isBroken, setBroken] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type }));
    setUrl(made);
    setBroken(false);
    return () => URL.revokeObjectURL(made);
  }, [bytes, type]);
  return (
    <div class="content image">
      {url && !isBroken && (
        <img
          src={url}
          alt="The value as an image"
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize(`${naturalWidth} × ${naturalHeight}`)}
          onError={() => setBroken(true)}
        />
      )}
      <span class="quiet">
        {isBroken ? `Begins as ${type}, but cannot be drawn.` : `${type}, ${size && `${size}, `}${bytesText(bytes.length)}`}
      </span>
    </div>
  );
}

const lineHeight = 20; // --hex-height

function HexContent({ bytes }: { bytes: Uint8Array }) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 400 });
  const lines = Math.ceil(bytes.length / bytesPerLine);
  useEffect(() => {
    const element = box.current!;
    const observer = new ResizeObserver(() => setView({ top: element.scrollTop, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / lineHeight) - 10);
  const last = Math.min(lines, Math.ceil((view.top + view.height) / lineHeight) + 10);
  return (
    <div
      ref={box}
      class="content hex"
      tabIndex={0}
      role="region"
      aria-label="Value in hexadecimal"
      onScroll={({ currentTarget: { scrollTop, clientHeight } }) => setView({ top: scrollTop, height: clientHeight })}
    >
      <div class="canvas" style={{ height: `${lines * lineHeight}px` }}>
        {Array.from({ length: last - first }, (_, i) => {
          const { offset, hex, ascii } = hexLine(bytes, first + i);
          return (
            <div key={first + i} class="hex-line" style={{ top: `${(first + i) * lineHeight}px` }}>
              <span class="quiet">{offset}</span>
              <span class="pairs">{hex}</span>
              <span>{ascii}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

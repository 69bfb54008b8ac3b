// What of a namespace is shown.
import type { Ref } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Choice } from '../ui/controls.tsx';
import { Icon } from '../ui/icons.tsx';
import { expiryFilters, type ExpiryFilter, type KeyFilter } from './filter.ts';

const restMs = 250; // between the last letter and the search

interface Props {
  filter: KeyFilter;
  separator: string;
  searchBox: Ref<HTMLInputElement>;
  onFilter: (change: Partial<KeyFilter>) => void;
  onSeparator: (separator: string) => void;
}

export function FilterBar({ filter, separator, searchBox, onFilter, onSeparator }: Props) {
  return (
    <div class="filters" role="search" aria-label="Keys">
      <Box
        label="Prefix"
        icon="key"
        value={filter.prefix}
        boxRef={searchBox}
        onChange={(prefix) => onFilter({ prefix })}
      />
      <Box
        label="Name contains"
        icon="search"
        value={filter.contains}
        onChange={(contains) => onFilter({ contains })}
      />
      <Box
        label="Metadata contains"
        icon="filter"
        value={filter.metadata}
        onChange={(metadata) => onFilter({ metadata })}
      />
      <select
        aria-label="Expiry"
        value={filter.expiry}
        onChange={(event) => onFilter({ expiry: event.currentTarget.value as ExpiryFilter })}
      >
        {expiryFilters.map(([value, text]) => (
          <option key={value} value={value}>
            {value === 'any' ? 'Any expiry' : text}
          </option>
        ))}
      </select>
      <Choice
        label="Grouping"
        value={separator}
        onChange={onSeparator}
        options={[
          ['', 'List'],
          ['/', 'Folders by /'],
          [':', 'Folders by :'],
        ]}
      />
    </div>
  );
}

interface BoxProps {
  label: string;
  icon: 'key' | 'search' | 'filter';
  value: string;
  boxRef?: Ref<HTMLInputElement>;
  onChange: (value: string) => void;
}

function Box({ label, icon, value, boxRef, onChange }: BoxProps) {
  const [typed, setTyped] = useState(value);
  const told = useRef(value);
  const timer = useRef(0);
  useEffect(() => {
    // Changed elsewhere: a folder was entered, a link followed.
    if (value !== told.current) setTyped(value);
    told.current = value;
  }, [value]);
  const tell = (text: string) => {
    clearTimeout(timer.current);
    told.current = text;
    onChange(text);
  };
  const input = (text: string) => {
    setTyped(text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => tell(text), restMs);
  };
  return (
    <label class="search">
      <Icon name={icon} />
      <input
        ref={boxRef}
        type="search"
        aria-label={label}
        placeholder={label}
        spellcheck={false}
        autocomplete="off"
        value={typed}
        onInput={(event) => input(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') tell(typed);
        }}
      />
    </label>
  );
}

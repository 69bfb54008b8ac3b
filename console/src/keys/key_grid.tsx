// The rows of a namespace: any number of them, of which those on the screen exist.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Place } from '../api/client.ts';
import { useSession } from '../session.tsx';
import { bytesText, count, counted, dateText, durationText } from '../text/format.ts';
import { keyLabel } from '../text/key_parts.ts';
import { Icon } from '../ui/icons.tsx';
import { KeyText } from '../ui/key_text.tsx';
import { rowName, type KeyFeed, type Row } from './key_feed.ts';
import { useSizes } from './use_sizes.ts';

const rowHeight = 32; // --row-height
const rowsBeyond = 8; // drawn above and below, for a smooth start of a scroll
const rowsAhead = 1000; // loaded before they are scrolled to

interface Props {
  feed: KeyFeed;
  place: Place;
  now: number;
  nameFrom: number; // how much of a name the folder says already
  opened: string | null;
  selected: Set<string>;
  stale: string | null; // a key whose size has changed
  onOpen: (key: string) => void;
  onEnter: (folder: string) => void;
  onUp: () => void;
  onSelect: (selected: Set<string>) => void;
  onDelete: () => void;
}

export function KeyGrid(props: Props) {
  const { feed, place, now, opened, selected, onSelect } = props;
  const { api } = useSession();
  const grid = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const { rows } = feed;

  useLayoutEffect(() => {
    const element = grid.current!;
    const measure = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    grid.current!.scrollTop = 0;
    setActive(0);
  }, [feed]);

  const first = Math.max(0, Math.floor(view.top / rowHeight) - rowsBeyond);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / rowHeight) + rowsBeyond);
  const visible = rows.slice(first, last);
  useEffect(() => feed.want(last + rowsAhead), [feed, last]);

  const sizes = useSizes(api, place, visible.filter((row) => row.kind === 'key').map(rowName));
  useEffect(() => {
    if (props.stale !== null) sizes.forget(props.stale);
  }, [props.stale]);

  const moveTo = (index: number) => {
    const to = Math.max(0, Math.min(rows.length - 1, index));
    setActive(to);
    const element = grid.current!;
    const top = to * rowHeight;
    const height = element.clientHeight - rowHeight; // without the head
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowHeight > element.scrollTop + height) element.scrollTop = top + rowHeight - height;
    return to;
  };
  const selectTo = (index: number) => {
    const [from, to] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
    const next = new Set(selected);
    for (const row of rows.slice(from, to + 1)) if (row.kind === 'key') next.add(row.item.name);
    onSelect(next);
  };
  const toggle = (row: Row | undefined, index: number) => {
    if (row?.kind !== 'key') return;
    const next = new Set(selected);
    if (!next.delete(row.item.name)) next.add(row.item.name);
    anchor.current = index;
    onSelect(next);
  };
  const open = (row: Row | undefined) => {
    if (row?.kind === 'key') props.onOpen(row.item.name);
    else if (row) props.onEnter(row.name);
  };
  const keyRows = rows.reduce((sum, row) => sum + (row.kind === 'key' ? 1 : 0), 0);
  const isAllSelected = keyRows > 0 && selected.size >= keyRows;
  const selectAll = () =>
    onSelect(isAllSelected ? new Set() : new Set(rows.filter((row) => row.kind === 'key').map(rowName)));

  const press = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / rowHeight) - 2);
    const steps: Record<string, number> = {
      ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity,
    };
    const step = steps[event.key];
    if ((event.ctrlKey || event.metaKey) && event.key === 'a') selectAll();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (step !== undefined) {
      if (event.shiftKey && selected.size === 0) anchor.current = active;
      const to = moveTo(active + step);
      if (event.shiftKey) selectTo(to);
    } else if (event.key === 'Enter') open(rows[active]);
    else if (event.key === ' ') toggle(rows[active], active);
    else if (event.key === 'Delete') props.onDelete();
    else if (event.key === 'Backspace') props.onUp();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const click = (event: MouseEvent, row: Row, index: number) => {
    setActive(index);
    if (event.shiftKey) selectTo(index);
    else if (event.ctrlKey || event.metaKey) toggle(row, index);
    else open(row);
  };

  return (
    <div
      ref={grid}
      class="grid"
      role="grid"
      aria-label="Keys"
      aria-rowcount={feed.isComplete ? rows.length + 1 : -1}
      aria-multiselectable="true"
      aria-activedescendant={visible.length > 0 && active >= first && active < last ? `row-${active}` : undefined}
      tabIndex={0}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
      onKeyDown={press}
    >
      <div class="row head" role="row" aria-rowindex={1}>
        <span role="columnheader" class="pick">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label="Select everything that is loaded"
            checked={isAllSelected}
            onChange={selectAll}
          />
        </span>
        <span role="columnheader">Key</span>
        <span role="columnheader" class="size">
          Size
        </span>
        <span role="columnheader" class="expiry">
          Expires
        </span>
        <span role="columnheader" class="metadata">
          Metadata
        </span>
      </div>
      <div role="rowgroup" class="canvas" style={{ height: `${rows.length * rowHeight}px` }}>
        {visible.map((row, i) => {
          const index = first + i;
          const isSelected = row.kind === 'key' && selected.has(row.item.name);
          const classes = ['row', index === active && 'active', isSelected && 'selected', opened === rowName(row) && 'opened'];
          return (
            <div
              key={rowName(row)}
              id={`row-${index}`}
              class={classes.filter(Boolean).join(' ')}
              role="row"
              aria-rowindex={index + 2}
              aria-selected={isSelected}
              style={{ top: `${index * rowHeight}px` }}
              onClick={(event) => click(event, row, index)}
            >
              {row.kind === 'folder' ? (
                <FolderCells name={row.name} from={props.nameFrom} keys={row.keys} />
              ) : (
                <>
                  <span role="gridcell" class="pick" onClick={(event) => event.stopPropagation()}>
                    <input
                      type="checkbox"
                      tabIndex={-1}
                      aria-label={`Select ${keyLabel(row.item.name)}`}
                      checked={isSelected}
                      onClick={(event) => event.shiftKey && selectTo(index)}
                      onChange={() => toggle(row, index)}
                    />
                  </span>
                  <span role="gridcell" class="name">
                    <KeyText name={row.item.name} from={props.nameFrom} />
                  </span>
                  <span role="gridcell" class="size">
                    {sizes.of(row.item.name) === undefined ? '' : bytesText(sizes.of(row.item.name)!)}
                  </span>
                  <ExpiryCell expiration={row.item.expiration} now={now} />
                  <span role="gridcell" class="metadata">
                    {row.item.metadata === undefined ? '' : JSON.stringify(row.item.metadata)}
                  </span>
                </>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function FolderCells({ name, from, keys }: { name: string; from: number; keys: number }) {
  return (
    <>
      <span role="gridcell" class="pick">
        <Icon name="folder" />
      </span>
      <span role="gridcell" class="name folder">
        <KeyText name={name} from={from} />
      </span>
      <span role="gridcell" class="folder-count" title={counted(keys, 'key')}>
        {count(keys)} {keys === 1 ? 'key' : 'keys'}
      </span>
    </>
  );
}

function ExpiryCell({ expiration, now }: { expiration: number | undefined; now: number }) {
  if (expiration === undefined) return <span role="gridcell" class="expiry" />;
  const left = expiration - now;
  return (
    <span role="gridcell" class={`expiry ${left < 3600 ? 'soon' : ''}`} title={dateText(expiration)}>
      {durationText(left)}
    </span>
  );
}

// What the server has been doing in the last hour.
import { useEffect } from 'preact/hooks';
import { sentence, type ActivityStep } from '../api/client.ts';
import { useSession } from '../session.tsx';
import { bytesText, count } from '../text/format.ts';
import { Failure, Notice } from '../ui/controls.tsx';
import { Chart, type Line } from '../ui/chart.tsx';
import { useLoad } from '../ui/use_load.ts';

const refreshMs = 10_000;

export function ActivityPage({ setTitle }: { setTitle: (title: string | null) => void }) {
  const { api } = useSession();
  const { data, error, reload } = useLoad((signal) => api.activity(signal), []);
  useEffect(() => setTitle('Activity'), []);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), refreshMs);
    return () => clearInterval(timer);
  }, [reload]);

  return (
    <main class="page" tabIndex={0}>
      <div class="page-head">
        <h1>Activity</h1>
        <span class="quiet">the last hour, all accounts</span>
      </div>
      {error !== null && <Failure onRetry={reload}>{sentence(error)}</Failure>}
      {data === null && error === null && <div class="table waiting" aria-busy="true" aria-label="Loading" role="status" />}
      {data && data.length === 0 && (
        <Notice icon="chart" title="Nothing to show yet">
          The first figures are there ten seconds after the start.
        </Notice>
      )}
      {data && data.length > 0 && <Charts steps={data} />}
    </main>
  );
}

const perSecond = (value: number) => `${count(Math.round(value * 10) / 10)}/s`;
const percent = (value: number) => `${Math.round(value)} %`;

export function timeText(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

function Charts({ steps }: { steps: ActivityStep[] }) {
  const at = steps.map(({ time }) => time);
  const line = (label: string, value: (step: ActivityStep) => number | null): Line => ({ label, values: steps.map(value) });
  return (
    <div class="charts">
      <Chart
        title="Calls"
        at={at}
        text={perSecond}
        lines={[
          line('Reads', ({ operations }) => operations.read),
          line('Writes', ({ operations }) => operations.write),
          line('Deletes', ({ operations }) => operations.delete),
          line('Lists', ({ operations }) => operations.list),
        ]}
      />
      <Chart
        title="Time to answer"
        at={at}
        text={timeText}
        lines={[
          line('Reads, 99 in 100', ({ latency }) => latency.read?.p99_ms ?? null),
          line('half', ({ latency }) => latency.read?.p50_ms ?? null),
          line('Writes, 99 in 100', ({ latency }) => latency.write?.p99_ms ?? null),
          line('half of them', ({ latency }) => latency.write?.p50_ms ?? null),
        ]}
      />
      <Chart
        title="Read from memory"
        at={at}
        text={percent}
        most={100}
        lines={[line('Hits', ({ hit_rate }) => (hit_rate === null ? null : 100 * hit_rate))]}
      />
      <Chart title="Stored" at={at} text={bytesText} lines={[line('On disk', ({ storage_bytes }) => storage_bytes)]} />
    </div>
  );
}

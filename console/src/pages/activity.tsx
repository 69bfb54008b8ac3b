// What the server has been doing in the last hour.
import { useEffect } from 'preact/hooks';
import { sentence, type Activity } from '../api/client.ts';
import { useSession } from '../session.tsx';
import { bytesText, count } from '../text/format.ts';
import { Failure, Notice } from '../ui/controls.tsx';
import { Chart, type Line } from '../ui/chart.tsx';
import { useLoad } from '../ui/use_load.ts';

const refreshMs = 5000;

export function ActivityPage({ setTitle }: { setTitle: (title: string | null) => void }) {
  const { api } = useSession();
  const { data, error, reload } = useLoad((signal) => api.activity(signal), []);
  useEffect(() => setTitle('Activity'), []);
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && reload(), refreshMs);
    return () => clearInterval(timer);
  }, [reload]);

  return (
    <main class="page">
      <div class="page-head">
        <h1>Activity</h1>
        <span class="quiet">the last hour, all accounts</span>
      </div>
      {error !== null && <Failure onRetry={reload}>{sentence(error)}</Failure>}
      {data === null && error === null && <div class="table waiting" aria-busy="true" aria-label="Loading" role="status" />}
      {data && data.at.length === 0 && (
        <Notice icon="chart" title="Nothing to show yet">
          The first sample is there five seconds after the start.
        </Notice>
      )}
      {data && data.at.length > 0 && <Charts activity={data} />}
    </main>
  );
}

const perSecond = (value: number) => `${count(Math.round(value * 10) / 10)}/s`;
const percent = (value: number) => `${Math.round(value)} %`;

export function timeText(micros: number): string {
  if (micros < 1000) return `${Math.round(micros)} µs`;
  if (micros < 1_000_000) return `${(micros / 1000).toFixed(micros < 10_000 ? 1 : 0)} ms`;
  return `${(micros / 1_000_000).toFixed(1)} s`;
}

function Charts({ activity }: { activity: Activity }) {
  const { at, seconds_per_sample } = activity;
  const rate = (label: string, counts: number[]): Line => ({
    label,
    values: counts.map((each) => each / seconds_per_sample),
  });
  const calls = at.map((_, i) => activity.reads[i]! + activity.writes[i]! + activity.deletes[i]! + activity.lists[i]!);
  const timed = (micros: number[]) => micros.map((each, i) => (calls[i] ? each : null));
  const hits = at.map((_, i) => {
    const all = activity.memory_reads[i]! + activity.disk_reads[i]!;
    return all ? (100 * activity.memory_reads[i]!) / all : null;
  });
  return (
    <div class="charts">
      <Chart
        title="Calls"
        at={at}
        text={perSecond}
        lines={[
          rate('Reads', activity.reads),
          rate('Writes', activity.writes),
          rate('Deletes', activity.deletes),
          rate('Lists', activity.lists),
        ]}
      />
      <Chart
        title="Time to answer"
        at={at}
        text={timeText}
        lines={[
          { label: '99 in 100', values: timed(activity.p99_us) },
          { label: 'Half', values: timed(activity.p50_us) },
        ]}
      />
      <Chart title="Read from memory" at={at} text={percent} most={100} lines={[{ label: 'Hits', values: hits }]} />
      <Chart title="Stored" at={at} text={bytesText} lines={[{ label: 'Live bytes', values: activity.bytes }]} />
    </div>
  );
}

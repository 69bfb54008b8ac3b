// JSON as text. Nothing here goes through JavaScript's values, so a number of thirty digits, a repeated member and the
// order of members stay as they are written.

// Why the text is no JSON, or null if it is.
export function jsonError(text: string): string | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return describe(text, error as SyntaxError);
  }
}

export function minified(json: string): string {
  let out = '';
  for (const token of tokens(json)) out += token;
  return out;
}

// Deep and hostile texts stay as they are: indented they would be gigabytes.
export function formatted(json: string, indent = '  '): string {
  const lengthMax = 1_000_000 + 8 * json.length;
  let out = '';
  let depth = 0;
  let last = '';
  const line = () => `\n${indent.repeat(Math.min(depth, 100))}`;
  for (const token of tokens(json)) {
    if (token === '}' || token === ']') {
      --depth;
      if (last !== '{' && last !== '[') out += line();
    } else if (last === '{' || last === '[' || last === ',') {
      out += line();
    }
    out += token === ':' ? ': ' : token;
    if (token === '{' || token === '[') ++depth;
    last = token;
    if (out.length > lengthMax) return json;
  }
  return out;
}

// The elements of an array, each as it is written. REQUIRES: valid JSON whose outermost value is an array.
export function elementsOf(array: string): string[] {
  return [...parts(array)];
}

// The members of an object by name, each value as it is written. REQUIRES: valid JSON whose outermost value is an
// object.
export function membersOf(object: string): Map<string, string> {
  const members = new Map<string, string>();
  for (const part of parts(object)) {
    const name = /^"(?:[^"\\]|\\.)*"/s.exec(part)![0];
    const value = part.slice(name.length).replace(/^\s*:\s*/, '');
    members.set(JSON.parse(name) as string, value);
  }
  return members;
}

// What stands between the commas of the outermost brackets. By hand, for it sees a hundred megabytes at a time.
function* parts(json: string): Generator<string> {
  const quote = 34, backslash = 92, comma = 44, openers = [91, 123], closers = [93, 125];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < json.length; ++i) {
    const unit = json.charCodeAt(i);
    if (unit === quote) {
      for (++i; json.charCodeAt(i) !== quote; ++i) if (json.charCodeAt(i) === backslash) ++i;
    } else if (openers.includes(unit)) {
      if (++depth === 1) start = i + 1;
    } else if (closers.includes(unit) ? --depth === 0 : unit === comma && depth === 1) {
      const part = json.slice(start, i).trim();
      if (part) yield part;
      start = i + 1;
    }
  }
}

// Of valid JSON.
function* tokens(json: string): Generator<string> {
  const pattern = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;
  for (const [token] of json.matchAll(pattern)) yield token;
}

// Browsers word it differently, and some leave out where.
function describe(text: string, error: SyntaxError): string {
  const position = /position (\d+)/.exec(error.message)?.[1];
  const place = /line (\d+) column (\d+)/.exec(error.message);
  const reason = error.message
    .replace(/^JSON\.parse: /, '')
    .replace(/,? ?\.\.\..*is not valid JSON$|, ".*" is not valid JSON$/s, '')
    .replace(/ (in JSON )?at (position|line).*$/s, '');
  if (place) return `${reason} (line ${place[1]}, column ${place[2]})`;
  if (position !== undefined) {
    const before = text.slice(0, Number(position)).split('\n');
    return `${reason} (line ${before.length}, column ${before[before.length - 1]!.length + 1})`;
  }
  return reason;
}

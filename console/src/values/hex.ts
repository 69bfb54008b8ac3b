// Bytes as lines of sixteen: offset, hexadecimal, and what of it is ASCII.

export interface HexLine {
  offset: string;
  hex: string;
  ascii: string;
}

export const bytesPerLine = 16;

export function hexLine(bytes: Uint8Array, line: number): HexLine {
  const start = line * bytesPerLine;
  const slice = bytes.subarray(start, start + bytesPerLine);
  const pairs = [...slice].map((byte) => byte.toString(16).padStart(2, '0'));
  const left = pairs.slice(0, 8).join(' ');
  const right = pairs.slice(8).join(' ');
  return {
    offset: start.toString(16).padStart(8, '0'),
    hex: right ? `${left}  ${right}` : left,
    ascii: [...slice].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
  };
}

/**
 * Colours #rgb and #rrggbb → their contrast and their mixture, as WCAG 2 defines contrast.
 */

/** The contrast of two colours, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** The colour with `part` of `other`: 0 is `colour`, 1 is `other`. */
export function mixed(colour: string, other: string, part: number): string {
  const ends = channels(other);
  const mix = channels(colour).map((value, i) => Math.round(value + (ends[i]! - value) * part));
  return `#${mix.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function luminance(colour: string): number {
  const [red, green, blue] = channels(colour).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour: string): number[] {
  const digits = colour.slice(1);
  const long = digits.length === 3 ? digits.replace(/./g, "$&$&") : digits;
  return [0, 2, 4].map((i) => Number.parseInt(long.slice(i, i + 2), 16));
}

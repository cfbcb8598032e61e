/**
 * A text → its numbers, in digits and in words.
 *
 * A number in digits begins with a digit of any script, perhaps after a sign. Separators, suffixes
 * and fractions belong to it: 12ms, 10k, 1e6, 12_000, 1/3, 1-5, ½. Names are no numbers: p50,
 * UTF-8, 5-report, ordinals (2nd), list markers, event ids, addresses, and code. A word after a
 * hyphen makes no name if it is counted: 3-fold, 12-second.
 *
 * Number words are zero, two to ninety-nine, hundred, thousand, million, dozen, half, twice,
 * couple, "pair of", fractions ("a third of", "two-thirds"), folds and triples. "One" and "once"
 * seldom count ("one of them", "at once"). They are number words after exactly, only, just, at
 * most, at least, all but, and before a unit of time ("once a second"). "Double" is this project's
 * term for an event that came again, so only "double the", "double as" and such are refused.
 * Allowed are ordinals ("the second row") and compounds such as two-way.
 */
import MarkdownIt from "markdown-it";

const NOT_PROSE = [
  "```[\\s\\S]*?```|`[^`]*`", // code
  "\\]\\([^)]*\\)|https?://[^\\s)]+", // addresses
  "\\b[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}\\b", // event ids
  "^[ \\t]*\\d+[.)](?=[ \\t])", // markers of lists
].join("|");
const NAME = "_*\\p{L}[\\p{L}\\p{M}\\p{N}_]*(?:-[\\p{L}\\p{N}_]+)*";
const REST = "(?:[\\p{L}\\p{M}\\p{N}%‰°]|_(?=[\\p{L}\\p{N}])|[.,'’/:×⁄–−-](?=\\p{N})|-(?=\\p{L}))*";
const NAME_OR_NUMBER = new RegExp(`${NAME}|(?<number>[-−–+±]?\\p{N}${REST})`, "gu");

const ONE_TO_NINE = "one|two|three|four|five|six|seven|eight|nine";
const TO_NINETEEN = "ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen";
const TENS = `(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-(?:${ONE_TO_NINE}))?`;
const LARGE = "(?:hundred|thousand|million|billion|trillion|dozen)s?";
const NUMERAL = `(?:${ONE_TO_NINE}|${TO_NINETEEN}|${TENS}|${LARGE}|half)`;
const PART = "(?:third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth|millionth)";
/** Patterns of nouns that numbers count. */
export const TIME = "(?:ms|(?:milli|micro)?seconds?|minutes?|hours?|days?|weeks?|months?|years?)";
export const THING = "(?:row|event|message|player|request|file|round|byte|table|partition)";
const COUNTED = `(?:fold|times|percent|halves|halfs?|${PART}s?|${TIME}|${THING})`;
const WORDS = [
  `${NUMERAL}-(?:${COUNTED}|(?:and|to|or)(?:-\\w+)+)|${NUMERAL}fold`,
  `zero(?:e?s)?|nought|${ONE_TO_NINE.replace("one|", "")}|${TO_NINETEEN}|${TENS}|${LARGE}`,
  "half|halve[sd]?|halving|twice|thrice|(?:tripl|quadrupl|quintupl)(?:e|es|ed|ing)",
  "a couple|couples? of|pairs? of|(?:tens|scores) of|double (?:the|that|this|its|their|as|of)",
  `(?:a|one) ${PART} of|${PART}s of`,
  "(?:exactly|only|just|at most|at least|all but) (?:one|once)",
  "(?:one|once an?|once every) (?:millisecond|second|minute|hour|day|week)",
].join("|");
const WORD = new RegExp(`(?<![\\w-])(?:${WORDS})(?![\\w-])`, "gi");
const ORDINAL = /^\d+(?:st|nd|rd|th)$/i;
const NAMED = /^\d+-\p{L}/u; // 5-report
const COUNTS = new RegExp(`^\\d+-${COUNTED}(?:-|$)`, "i"); // 3-fold

const { unescapeAll } = new MarkdownIt().utils;

/** A number in a text, and the text around it. */
export interface NumberPlace {
  number: string; // in digits: in its simplest form; in words: as written
  written: string;
  before: string;
  after: string;
}

/** The numbers in digits of a text, in their simplest form: 1,000 and １０００ are 1000. */
export function numbersIn(text: string): string[] {
  return numberPlaces(text).map(({ number }) => number);
}

/** The words for numbers in a text. */
export function spelledNumbers(text: string): string[] {
  return wordPlaces(text).map(({ number }) => number);
}

export function numberPlaces(text: string): NumberPlace[] {
  const prose = proseOf(text);
  return [...prose.matchAll(NAME_OR_NUMBER)]
    .filter(({ groups }) => groups?.number !== undefined)
    .map((match) => placeIn(prose, match, simplest(match[0])))
    .filter(({ number }) => !ORDINAL.test(number) && (!NAMED.test(number) || COUNTS.test(number)));
}

export function wordPlaces(text: string): NumberPlace[] {
  const prose = proseOf(text).normalize("NFKC").replace(/\s+/g, " ");
  return [...prose.matchAll(WORD)].map((match) => placeIn(prose, match, match[0]));
}

function placeIn(prose: string, match: RegExpExecArray, number: string): NumberPlace {
  const [written] = match;
  const before = prose.slice(0, match.index);
  return { number, written, before, after: prose.slice(match.index + written.length) };
}

/** The text without code, addresses and ids, as a reader sees it: without marks of emphasis. */
export function proseOf(text: string): string {
  const prose = text.replace(new RegExp(NOT_PROSE, "gim"), " ");
  return unescapeAll(prose).replace(/\*|\p{Cf}/gu, "");
}

function simplest(number: string): string {
  const plain = number.normalize("NFKC").replace(/[−–]/g, "-").replace(/^\+/, "");
  const bare = plain.replace(/(?<=\d)[_'’](?=\d)/g, "");
  return /^-?\d{1,3}(?:,\d{3})+(?!\d|,\d)/.test(bare) ? bare.replaceAll(",", "") : bare;
}

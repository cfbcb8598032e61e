/**
 * A text → its numbers that look like results; the author's own numbers are left out.
 *
 * Own numbers are headings, dates, years, times of day, versions, references ("step 2", "[1]"),
 * formulas and list numbers. So are choices ("top 10", "the last 7 days", "every 5 minutes") and
 * goals ("a goal of 7,500", "≥ 99.5"). A year before a counted noun is a number: "2020 events".
 * Small number words are results only where they count ("six of them", "two seconds"), not in "two
 * kinds of players".
 */
import { type NumberPlace, numberPlaces, THING, TIME, wordPlaces } from "./number-forms.ts";

const HEADINGS = /^ {0,3}#{1,6}[ \t].*$|^.*\S.*\n {0,3}(?:=+|-+)[ \t]*$/gm;

/** Formulas as formulas.ts reads them; money such as "$5 and $10" is no formula. */
const FORMULAS = /\$\$[^]*?\$\$|\$(?!\s)[^$\n]*?(?<=[^\s$])\$(?!\d)|\\begin\{(\w+\*?)\}[^]*?\\end\{\1\}/g;

const MONTH =
  "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const UNIT = `(?:${TIME}|${THING}s?|percent|times|points?)`;

/** Forms of a written number. */
const DATE = /^\d{4}-(?:\d\d|Q[1-4])(?:-\d\d(?:T[\d:.]+Z?)?)?$|^\d{4}\/\d\d?\/\d\d?$|^\d\d?\.\d\d?\.\d{4}$/;
const CLOCK = /^(?:[01]?\d|2[0-4]):[0-5]\d(?::[0-5]\d)?$/;
const VERSION = /^\d+\.\d+\.\d+/;
const IDIOM = /^24\/7$/;
const YEAR = /^(?:19|20)\d\d(?:[-–/](?:(?:19|20)\d\d|\d\d))?$/;

/** Text before a year; any noun may follow the year then. */
const BEFORE_YEAR = new RegExp(
  `(?:\\b(?:in|of|since|until|by|from|to|through|during|before|after|for|early|mid|late|year|years|Q[1-4]|${MONTH}),?[ -]*)$`,
  "i",
);
const COUNTED_AFTER = new RegExp(`^[\\s-]+(?:\\p{L}+\\s+)?${UNIT}(?!\\p{L})|^\\s*[%‰°]`, "iu");
const PLURAL_AFTER = /^\s+(?!(?:is|was|has|as|this|us)\b)\p{L}+s(?!\p{L})/iu;

const REFERENCE =
  "step|cell|chapter|section|figure|fig\\.|table|page|part|appendix|item|line|column|version|release|level|phase|" +
  "stage|week|quarter|question|issue|number|no\\.|v\\.|rfc|iso|http|port|nbformat|node(?:\\.js)?|java|python|typescript";
const CHOICE = "top|bottom|first|last|next|past|previous|every|each|per";
const GOAL = "goals?|targets?|limits?|budgets?|thresholds?|quotas?|objectives?|SLAs?|SLOs?|allowances?";
const LINK =
  "of|is|was|are|were|at|to|be|stays?|remains?|about|the|a|an|our|for|this|year|month|week|day|quarter";
const OWN_BEFORE = new RegExp(
  [
    `\\b(?:${REFERENCE}|${CHOICE})\\s+$`,
    `\\b(?:${GOAL})(?:\\s+(?:${LINK}))*\\s*[:=,(–-]?\\s*[€$£¥]?\\s*$`,
    "(?:[≥≤<>]|#|§)\\s*$",
    "\\[\\^?$",
  ].join("|"),
  "i",
);
const SUPERLATIVE =
  "(?:new|old|large|small|bigg|high|low|long|short|fast|slow|lat|earli|strong|weak|busi)est|best|worst|most|least";
const OWN_AFTER = new RegExp(`^\\s*(?:%\\s*)?(?:${GOAL})\\b|^\\s+(?:${SUPERLATIVE})\\b`, "i");
const MONTH_BEFORE = /\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+$/;
const MONTH_AFTER = new RegExp(`^\\s+${MONTH}(?![\\p{L}])`, "iu");

const SMALL_WORD = /^(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)$/i;
const COUNTING = new RegExp(`^\\s+(?:of|out of|more|fewer|less|were|are|have|had|did)\\b`, "i");
const VAGUE_WORD = /^(?:a couple|couples? of|pairs? of)$/i;
const TWICE_AFTER = /^\s+(?:as|an?|the|per|every)\b/i;

/** The numbers of `text` that look like results, in digits and in words. */
export function resultNumbers(text: string): string[] {
  const body = text.replace(HEADINGS, "").replace(FORMULAS, "");
  return [
    ...numberPlaces(body).filter((place) => !isOwn(place)),
    ...wordPlaces(body).filter((place) => !isOwnWord(place)),
  ].map(({ number }) => number);
}

function isOwn(place: NumberPlace): boolean {
  const { written, before, after } = place;
  return (
    [DATE, CLOCK, VERSION, IDIOM].some((form) => form.test(written)) ||
    isYear(place) ||
    OWN_BEFORE.test(before) ||
    OWN_AFTER.test(after) ||
    (/^\d\d?$/.test(written) && (MONTH_BEFORE.test(before) || MONTH_AFTER.test(after))) ||
    isListed(place)
  );
}

function isYear({ written, before, after }: NumberPlace): boolean {
  if (!YEAR.test(written) || COUNTED_AFTER.test(after)) return false;
  return BEFORE_YEAR.test(before) || !PLURAL_AFTER.test(after);
}

/** Whether the number is part of a list inside a sentence: (1) …, (2) … */
function isListed({ written, before, after }: NumberPlace): boolean {
  const number = Number(written);
  if (!before.endsWith("(") || !after.startsWith(")") || !Number.isInteger(number)) return false;
  return number === 1 ? after.includes("(2)") : before.includes(`(${number - 1})`);
}

function isOwnWord({ written, after }: NumberPlace): boolean {
  if (VAGUE_WORD.test(written)) return true;
  if (/^(?:twice|thrice)$/i.test(written)) return !TWICE_AFTER.test(after);
  return SMALL_WORD.test(written) && !COUNTED_AFTER.test(after) && !COUNTING.test(after);
}

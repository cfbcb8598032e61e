// Another game's list of events, which shares no event, table or parameter with the original's.
import type { EventEntry } from "../catalog.ts";

export const game = [
  {
    type: "visit_shop",
    route: "/visit_shop",
    table: "shop_visits",
    parameters: {},
    reply: { plain: "Welcome", echo: null },
  },
  {
    type: "buy_book",
    route: "/buy_book",
    table: "books_bought",
    parameters: { genre: "text", pages: "integer", gift: "boolean" },
    reply: { plain: "Book Bought", echo: "Book Bought: " },
  },
  {
    type: "return_book",
    route: "/return_book",
    table: "books_returned",
    parameters: { why: "text" },
    reply: { plain: "Book Returned", echo: null },
  },
] as const satisfies readonly EventEntry[];

/**
 * The events of the game: replace this list by your own.
 *
 * Route, validation, reply, columns, table and traffic of an event all follow from its entry. A new
 * event type is one more entry here, and nothing else. `{ type: "open_chest" }` is enough: the
 * route is then /open_chest, the table open_chest.
 *
 * | type of a parameter | values                                                            |
 * |---------------------|-------------------------------------------------------------------|
 * | text                | any text                                                          |
 * | integer, bigint     | integers of 32 and 64 bits, exact; 100.0 and 1e2 are 100          |
 * | decimal(12, 2)      | exact: at most 12 digits (38 at most), 2 of them after the point  |
 * | double              | numbers of 64 bits                                                |
 * | boolean             | true, false                                                       |
 * | timestamp           | 2026-01-31T12:00:00.000+01:00, or milliseconds since 1970; of     |
 * |                     | microseconds and nanoseconds the milliseconds are kept            |
 * | date                | 2026-01-31                                                        |
 * | json                | an object or a list, kept as its text; `json_extract` reads it    |
 *
 * With limits: `{ type: "integer", required: true, min: 1, max: 99 }`, `{ type: "text", maxLength:
 * 20, oneOf: ["a", "b"] }`, `{ type: "bigint", was: "old_name" }`. Columns are named in snake_case:
 * `powerLevel` becomes power_level. `npm run tables` gives the tables new parameters, wider numbers
 * and renamed parameters by itself.
 */
import type { EventEntry } from "./catalog.ts";

export const game = [
  {
    type: "default",
    route: "/",
    table: "default_requests",
    parameters: {},
    reply: { plain: "This is the default response!", echo: null },
  },
  {
    type: "purchase_sword",
    route: "/purchase_sword",
    table: "sword_purchases",
    parameters: { metal: "text", power_level: "integer", magical: "boolean" },
    reply: { plain: "Sword Purchased", echo: "Sword Purchased: " },
  },
  {
    type: "join_a_guild",
    route: "/join_a_guild",
    table: "guild_joins",
    parameters: { region: "text" },
    reply: { plain: "Joined a Guild!", echo: "Joined a guild! " },
  },
] as const satisfies readonly EventEntry[];

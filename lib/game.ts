/**
 * The events of the game: replace this list by your own.
 *
 * Route, validation, reply, columns, table and traffic of an event all follow from its entry.
 * A new event type is one more entry here, and nothing else. `EventEntry` explains the fields.
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

// The original's game and its traffic, which the tests use: lib/game.ts may be a user's own.
import type { EventEntry } from "../catalog.ts";

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

export const gameTraffic = {
  basic: [
    { host: "user1.comcast.com", path: "/" },
    { host: "user1.comcast.com", path: "/purchase_sword" },
    { host: "user2.att.com", path: "/" },
    { host: "user2.att.com", path: "/purchase_sword" },
    { host: "user1.att.com", path: "/join_a_guild" },
    { host: "user2.att.com", path: "/join_a_guild" },
  ],
  odd: [
    { host: "user1.att.com", path: "/purchase_sword?metal=gold&power_level=100&magical=False" },
    { host: "user2.comcast.com", path: "/join_a_guild?region=ny" },
  ],
  even: [
    { host: "user1.att.com", path: "/purchase_sword?metal=copper&power_level=50&magical=True" },
    { host: "user2.comcast.com", path: "/join_a_guild?region=cali" },
  ],
};

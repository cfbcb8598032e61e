// The game of every-type.fixture.ts after changes: wider and renamed parameters, removed ones, an
// event more, and two events fewer.
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
    parameters: {
      alloy: { type: "text", was: "metal" },
      power_level: "bigint",
      color: { type: "text", oneOf: ["red", "blue"] },
    },
    reply: { plain: "Sword Purchased", echo: "Sword Purchased: " },
  },
  {
    type: "open_chest",
    parameters: {
      chestId: "bigint",
      gold: { type: "decimal(16, 2)", min: "-1000000" },
      mass: { type: "double", was: "weight" },
      openedAt: { type: "timestamp", required: true },
      contents: "json",
    },
  },
  {
    type: "trade",
    parameters: {
      paid: { type: "decimal(38, 10)", was: "price" },
      "item name": { type: "text", required: true },
      rarity: { type: "text", oneOf: ["common", "rare", "unique", "mythic"] },
      count: { type: "bigint", min: 0 },
    },
  },
  {
    type: "level.up",
    route: "/level/up",
    table: "level_ups",
    parameters: { level: "integer", xp: { type: "bigint", was: "experience" } },
  },
  { type: "heal", parameters: { points: { type: "integer", required: true, min: 1 } } },
] as const satisfies readonly EventEntry[];

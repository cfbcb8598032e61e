// The original's game with four more events: parameters of all types, with all limits.
import type { EventEntry } from "../catalog.ts";
import { game as original } from "./original.fixture.ts";

export const game = [
  ...original,
  {
    type: "open_chest",
    parameters: {
      chestId: "bigint",
      gold: { type: "decimal(12, 2)", min: "0", max: "1000000" },
      weight: "double",
      openedAt: "timestamp",
      season: "date",
      contents: "json",
    },
  },
  {
    type: "trade",
    parameters: {
      price: "decimal(38, 10)",
      "item name": { type: "text", maxLength: 40, required: true },
      rarity: { type: "text", oneOf: ["common", "rare", "unique"] },
      count: { type: "integer", min: 1, max: 99 },
    },
  },
  {
    type: "level.up",
    route: "/level/up",
    table: "level_ups",
    parameters: { level: { type: "integer", required: true }, xp: { type: "bigint", was: "experience" } },
  },
  { type: "logout", parameters: {} },
] as const satisfies readonly EventEntry[];

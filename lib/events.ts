/** The game's list of events → the checked definitions that all modules use. */
import { defineEvents } from "./catalog.ts";
import { game } from "./game.ts";

export const events = defineEvents(game);

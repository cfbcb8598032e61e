/** The game's list of events → the checked definitions that all modules use. */
import { catalogueVersion, defineEvents } from "./catalog.ts";
import { game } from "./game.ts";

/** The types of events in lib/game.ts, in their order. */
export const events = defineEvents(game);

/** The version of the list that this process has loaded, which it says on /ready. */
export const loadedCatalogue = catalogueVersion(events);

/** The Node of npm scripts → no output, a line, or an error. `npm ci` runs this file at its end. */
import { missingNode, refuseOldNode } from "./node-version.js";

refuseOldNode();
const missing = missingNode();
if (missing) console.log(`questlog: ${missing}; npm scripts run on this machine's Node ${process.version}`);

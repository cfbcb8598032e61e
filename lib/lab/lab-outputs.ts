/**
 * Outputs of cells in JupyterLab, whole as in the report. Preloaded into JupyterLab's kernels.
 *
 * The page slows down with text, so a cell shows less text than the report keeps in a file.
 */
import { sendWholeOutputs } from "../report/kernel-outputs.ts";

const MAX_CELL_CHARS = 500_000;

sendWholeOutputs({
  maxCellChars: MAX_CELL_CHARS,
  onRefused: ({ message }) => console.error(message),
});

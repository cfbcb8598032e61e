/** Mocha's spec reporter, with the counts on one last line: "N passed, N failed, N skipped". */
import Mocha from "mocha";

export default class CountsLast extends Mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
  }
}

/** Questions to a cluster → findings: each works, is missing with its remedy, or was not asked. */

export interface Finding {
  service: "kafka" | "hdfs" | "trino" | "metastore";
  need: string; // e.g. "write to the topic game_events"
  state: "works" | "missing" | "optional" | "not asked";
  detail: string; // a fact, or the problem
  remedy: string; // how to get it; empty if it works
}

type Service = Finding["service"];

/** The findings about one service, in the order of their questions. */
export class Findings {
  readonly list: Finding[] = [];
  readonly #service: Service;

  constructor(service: Service) {
    this.#service = service;
  }

  /** Asks for one need: `question` resolves with a fact, or throws the problem. */
  async ask(need: string, question: () => string | Promise<string>, remedy: string): Promise<boolean> {
    try {
      this.#add(need, "works", await question());
      return true;
    } catch (error) {
      this.#add(need, "missing", (error as Error).message, remedy);
      return false;
    }
  }

  /** A need whose question needs another answer first. */
  skip(need: string, reason: string): void {
    this.#add(need, "not asked", reason);
  }

  /** Something that the product can do without. */
  miss(need: string, detail: string, remedy: string): void {
    this.#add(need, "optional", detail, remedy);
  }

  #add(need: string, state: Finding["state"], detail: string, remedy = ""): void {
    const line = detail.replace(/\s+/g, " ").trim();
    this.list.push({ service: this.#service, need, state, detail: line, remedy });
  }
}

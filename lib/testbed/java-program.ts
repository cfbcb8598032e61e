/** A Java program of the product's servers → a command, for single servers of tests. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { prepareArtifacts } from "../services/artifacts.ts";
import { javaEnvironment } from "../services/java.ts";
import type { Command } from "../services/process.ts";

export interface JavaProgram {
  home: string; // the command's working folder; its argument file lies there
  name: string;
  set: "kafka" | "hadoop";
  main: string;
  args: string[];
  heapMb: number;
  classFolders?: string[]; // folders with configuration
  properties?: Record<string, string>;
  java?: string; // default: the servers' own
}

/** The command, with a small heap and little compilation. */
export async function javaCommand(program: JavaProgram): Promise<Command> {
  const { home, name, set, main, args, heapMb, classFolders = [], properties = {} } = program;
  const artifacts = await prepareArtifacts(() => {});
  const { jars } = artifacts;
  mkdirSync(join(home, "tmp"), { recursive: true });
  const lines = [
    "-Xms32m",
    `-Xmx${heapMb}m`,
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    `-Djava.io.tmpdir=${join(home, "tmp")}`,
    ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
    "-cp",
    [...classFolders, ...jars[set]].join(":"),
    main,
    ...args,
  ];
  const file = join(home, `${name}.args`);
  writeFileSync(file, lines.map((line) => `"${line.replace(/[\\"]/g, "\\$&")}"\n`).join(""));
  return {
    file: program.java ?? artifacts.java,
    args: [`@${file}`],
    cwd: home,
    env: { ...javaEnvironment(), HADOOP_USER_NAME: "hdfs" },
  };
}

/** Runs a program to its end. @throws Error with its output if it fails */
export async function runJava(program: JavaProgram): Promise<void> {
  const { file, args, cwd, env } = await javaCommand(program);
  const { exitCode, stdout, stderr } = await $({ cwd, env, quiet: true, nothrow: true })`${file} ${args}`;
  if (exitCode !== 0)
    throw new Error(`${program.name}: expected exit code 0, got ${exitCode}:\n${stdout}${stderr}`);
}

/** The text of a properties file. */
export function propertiesText(values: Record<string, string | number | boolean>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${escaped(String(value))}\n`)
    .join("");
}

/** Java reads a properties file as Latin-1, and a backslash as the begin of an escape. */
function escaped(value: string): string {
  const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, "0");
  return value.replaceAll("\\", "\\\\").replace(/[^\x20-\x7e]/g, (unit) => `\\u${hex(unit)}`);
}

/**
 * The address of a picture in Markdown → a data: address, because the report sends no request.
 *
 * A picture is a file beside the notebook, an attachment of its cell, or a data: address. Pictures
 * stand in `<img>`, so no script of an SVG runs.
 */
import { readFileSync } from "node:fs";
import { extname, resolve } from "node:path";
import type { IAttachments, MultilineString } from "@jupyterlab/nbformat";
import type { Notebook } from "./notebook.ts";
import { textOf } from "./outputs.ts";

export type Picture = { src: string } | { problem: string };

const TYPES: Record<string, string> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".svg": "image/svg+xml",
  ".webp": "image/webp",
  ".avif": "image/avif",
};
const DATA = /^data:image\/(?:png|jpeg|gif|svg\+xml|webp|avif);base64,[\w+/=\s]+$/i;

/** Reads the picture at a path relative to the notebook, or a data: address. */
export function localPicture(address: string, { folder }: Pick<Notebook, "folder">): Picture {
  if (/^data:/i.test(address)) {
    return DATA.test(address)
      ? { src: address }
      : { problem: `expected a data: address of a picture in base64, got "${address.slice(0, 40)}"` };
  }
  if (/^[a-z][a-z\d+.-]+:/i.test(address) || address.startsWith("//"))
    return { problem: `expected a file, got the address ${address}: the report sends no request` };
  const type = TYPES[extname(address).toLowerCase()];
  if (type === undefined) {
    return { problem: `expected a picture (${Object.keys(TYPES).join(" ")}), got "${address}"` };
  }
  const path = resolve(folder ?? ".", decoded(address));
  try {
    return { src: `data:${type};base64,${readFileSync(path).toString("base64")}` };
  } catch (error) {
    return { problem: `expected a file ${path}, got ${(error as NodeJS.ErrnoException).code}` };
  }
}

/** Reads the attachment `name` of a cell. */
export function attachedPicture(name: string, attachments: IAttachments = {}): Picture {
  const contents = Object.entries(attachments[decoded(name)] ?? attachments[name] ?? {});
  const picture = contents.find(([type]) => Object.values(TYPES).includes(type));
  if (picture === undefined) {
    const names = Object.keys(attachments).join(", ") || "no attachments";
    return { problem: `expected an attachment "${name}" that is a picture, got ${names}` };
  }
  const [type, content] = picture;
  const base64 = textOf(content as MultilineString).replace(/\s/g, "");
  return { src: `data:${type};base64,${base64}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a "%" that is no escape belongs to the name
  }
}

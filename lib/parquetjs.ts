/**
 * The parts of parquetjs-lite that the encoder uses, with types: schema, thrift structures, the
 * envelope around row groups, the footer.
 *
 * The package ships no types. This file is the one untyped edge. It loads the package by `require`,
 * so that the compiled library needs no ambient declaration beside it.
 */
import { createRequire } from "node:module";

/** One leaf of a Parquet schema, as the package derives it from a `FieldDefinition`. */
interface Field {
  name: string;
  path: string[];
}

/** The package's description of a column. */
export interface FieldDefinition {
  type:
    "UTF8" | "INT32" | "INT64" | "BOOLEAN" | "DOUBLE" | "DATE" | "TIMESTAMP_MILLIS" | "FIXED_LEN_BYTE_ARRAY";
  typeLength?: number; // bytes of a FIXED_LEN_BYTE_ARRAY
  optional: boolean;
  compression: "SNAPPY";
  statistics: false; // the package's are wrong for text; ours are set on the finished row group
}

export interface Schema {
  fieldList: Field[];
}

/** A thrift structure of a page, column or file header; written by `serializeThrift`. */
export interface ThriftStruct {
  write(protocol: unknown): void;
}

export interface ColumnStatistics {
  null_count: number;
  min_value?: Buffer;
  max_value?: Buffer;
  min?: Buffer; // the same, for readers that know only the older fields
  max?: Buffer;
}

interface ColumnMetaData {
  data_page_offset: number;
  dictionary_page_offset: number | null;
  encodings: number[];
  statistics: ThriftStruct | null;
  total_uncompressed_size: number;
}

interface RowGroup {
  columns: { meta_data: ColumnMetaData }[];
  total_byte_size: number;
}

/** Writes magic bytes, row groups and the footer around pages that are already encoded. */
export interface EnvelopeWriter {
  rowGroups: RowGroup[];
  writeHeader(): void;
  writeRowGroup(group: {
    rowCount: number;
    pages: Record<string, { page: Buffer; num_values: number; first_row_index: number }[]>;
  }): void;
  writeFooter(metadata: Record<string, string>): void;
}

/** A column in a footer, or the root of all columns. */
export interface SchemaElement {
  name: string;
  type: number;
  converted_type: number | null;
  precision: number | null;
  scale: number | null;
}

interface Thrift {
  PageHeader: new (fields: object) => ThriftStruct;
  DataPageHeader: new (fields: object) => ThriftStruct;
  DictionaryPageHeader: new (fields: object) => ThriftStruct;
  Statistics: new (fields: ColumnStatistics) => ThriftStruct;
  FileMetaData: new () => ThriftStruct & { num_rows: { valueOf(): number }; schema: SchemaElement[] };
  ConvertedType: { UTF8: number; DECIMAL: number; DATE: number; TIMESTAMP_MILLIS: number };
  Type: { BOOLEAN: number; INT32: number; INT64: number; INT96: number; DOUBLE: number };
  PageType: { DATA_PAGE: number; DICTIONARY_PAGE: number };
  Encoding: { PLAIN: number; PLAIN_DICTIONARY: number; RLE: number };
}

interface Package {
  ParquetSchema: new (fields: Record<string, FieldDefinition>) => Schema;
  ParquetEnvelopeWriter: new (
    schema: Schema,
    write: (bytes: Buffer) => void,
    close: () => void,
    offset: number,
    options: { pageIndex: false; useDataPageV2: false }, // its page index breaks Trino
  ) => EnvelopeWriter;
}

interface ThriftCodec {
  serializeThrift: (struct: ThriftStruct) => Buffer;
  decodeThrift: (struct: ThriftStruct, bytes: Buffer, offset: number) => number;
}

const require = createRequire(import.meta.url);

export const { ParquetSchema, ParquetEnvelopeWriter } = require("parquetjs-lite") as Package;
export const thrift = require("parquetjs-lite/gen-nodejs/parquet_types") as Thrift;
export const { serializeThrift, decodeThrift } = require("parquetjs-lite/lib/util") as ThriftCodec;

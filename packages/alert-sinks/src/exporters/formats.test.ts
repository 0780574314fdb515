import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createAlert } from "../../test/create-alert.ts";
import { cutBytes } from "./bounded-body.ts";
import { csvHeader, formatCsv, formatCsvRecord } from "./format-csv.ts";
import { formatSyslog, structuredValue, type SyslogFormat } from "./format-syslog.ts";
import { frameMessages } from "./syslog-connection.ts";

/** RFC 4180 one character at a time. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index]!;
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[index + 1] === '"') {
        cell += '"';
        index++;
      } else isQuoted = false;
    } else if (char === '"') isQuoted = true;
    else if (char === ",") {
      record.push(cell);
      cell = "";
    } else if (char === "\r" && text[index + 1] === "\n") {
      records.push([...record, cell]);
      record = [];
      cell = "";
      index++;
    } else cell += char;
  }
  return records;
}

/** RFC 5424 one character at a time; throws where the grammar is left. */
function parseSyslog(bytes: Buffer): {
  readonly header: string[];
  readonly values: Record<string, string>;
  readonly message: string;
} {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const head = /^<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) \[([^ ="\]]{1,32})/.exec(text);
  if (head === null) throw new Error(`no header: ${text}`);
  const values: Record<string, string> = {};
  let index = head[0].length;
  while (text[index] === " ") {
    const equals = text.indexOf('="', index);
    const name = text.slice(index + 1, equals);
    let value = "";
    for (index = equals + 2; text[index] !== '"'; index++) {
      if (text[index] === "]" || index >= text.length) throw new Error("bare bracket");
      if (text[index] === "\\" && '"\\]'.includes(text[index + 1]!)) index++;
      value += text[index];
    }
    values[name] = value;
    index++;
  }
  if (text.slice(index, index + 3) !== "] \ufeff") throw new Error("no end of the structured data");
  return { header: head.slice(1), values, message: text.slice(index + 3) };
}

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', "\\", "]", "[", "\n", "\r", ",", "=", " ", "\u0000", "\u009b", "€", "😀", "\ud800"),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  maxLength: 600,
});
const format: SyslogFormat = {
  facility: 13,
  hostname: "",
  appName: "kinglet",
  procId: "-",
  enterpriseId: 32473,
  maxBytes: 2048,
};

describe("formatCsvRecord", () => {
  it("reads back as it was, whatever the cells hold [sinks C-1]", () => {
    const property = fc.property(fc.array(hostile, { minLength: 1, maxLength: 6 }), (cells) => {
      const expected = cells.map((cell) =>
        (/^\s*[=+\-@＝＋－＠]|^[\t\r\n]/.test(cell) ? `'${cell}` : cell).toWellFormed(),
      );
      expect(parseCsv(formatCsvRecord(cells))).toEqual([expected]);
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("lets no spreadsheet run a formula [sinks C-2]", () => {
    expect(formatCsvRecord(["=1+1", "@x", -1])).toBe("'=1+1,'@x,-1\r\n");
    expect(formatCsvRecord(["＝1+1", "  =1", "\n=1", "a;=1"])).toBe(`'＝1+1,'  =1,"'\n=1","a;=1"\r\n`);
  });
});

describe("formatCsv", () => {
  it("has a cell for each column", () => {
    const [header = [], record = []] = parseCsv(csvHeader + formatCsv(createAlert(1)));
    expect(record).toHaveLength(header.length);
    expect(record[header.indexOf("binary")]).toBe("/bin/sh");
    expect(record[header.indexOf("args")]).toBe(`'-c "id; ls"`);
  });
});

describe("formatSyslog", () => {
  it("parses back and stays within its bytes, whatever the alert holds [sinks S-1]", () => {
    const property = fc.property(hostile, hostile, fc.integer({ min: 480, max: 4096 }), (text, binary, maxBytes) => {
      const base = createAlert(1);
      const alert = {
        ...base,
        message: text,
        podName: text,
        ruleId: text,
        nodeName: text,
        process: { ...base.process, binary },
      };
      const bytes = formatSyslog(alert, { ...format, maxBytes }, 0);
      expect(bytes.length).toBeLessThanOrEqual(maxBytes);
      const { header, values, message } = parseSyslog(bytes);
      expect(header[0]).toBe("107");
      expect(values["id"]).toBe(alert.uniqueId);
      // oxlint-disable-next-line no-control-regex -- that is what is looked for
      expect(/[\u0000-\u001f\u007f-\u009f]/.test(message + Object.values(values).join(""))).toBe(false);
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  });

  it("looks like this", () => {
    const text = formatSyslog(createAlert(1, { time: "" }), format, 0).toString();
    expect(text.slice(0, 72)).toBe('<107>1 1970-01-01T00:00:00.000Z node-1 kinglet - R0001 [alert@32473 id="');
    expect(parseSyslog(Buffer.from(text)).values["args"]).toBe('-c "id; ls"');
    expect(text.endsWith("] \ufeffprocess /bin/sh started 1")).toBe(true);
  });

  it("escapes exactly what the grammar says [sinks S-2]", () => {
    expect(structuredValue('a"b]c')).toBe('a\\"b\\]c');
  });
});

describe("frameMessages", () => {
  it("counts octets so that the stream falls apart into the messages again [sinks S-3]", () => {
    const property = fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })), (messages) => {
      const stream = frameMessages(messages.map((message) => Buffer.from(message)));
      const found: number[][] = [];
      for (let at = 0; at < stream.length;) {
        const blank = stream.indexOf(0x20, at);
        const length = Number(stream.subarray(at, blank).toString());
        found.push([...stream.subarray(blank + 1, blank + 1 + length)]);
        at = blank + 1 + length;
      }
      expect(found).toEqual(messages.map((message) => [...message]));
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });
});

describe("cutBytes", () => {
  it("gives the longest beginning of whole characters that fits", () => {
    const property = fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 0, max: 40 }), (text, maxBytes) => {
      let expected = "";
      for (const char of text) {
        if (Buffer.byteLength(expected + char) > maxBytes) break;
        expected += char;
      }
      expect(cutBytes(text, maxBytes)).toBe(expected);
    });
    fc.assert(property, { seed: 1, numRuns: 500 });
  });
});

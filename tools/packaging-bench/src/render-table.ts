import { median } from "@kinglet-tools/heap-budget/spread";
import type { Measurements } from "./measure-programs.ts";

/**
 * One line per program: medians, the fastest start beside them (a busy machine moves medians of times, not of memory), and the median ready
 * time as a multiple of the bare Node binary's start.
 */
export function renderTable({ runs, bareNodeMs }: Measurements): string {
  const bare = median(bareNodeMs);
  const rows = [...runs].map(([program, row]) => {
    const ready = median(row.readyMs);
    return [
      program.name,
      megabytes(median(row.anonymous)),
      megabytes(median(row.rss)),
      median(row.mainMs).toFixed(1),
      Math.min(...row.mainMs).toFixed(1),
      ready.toFixed(1),
      Math.min(...row.readyMs).toFixed(1),
      (ready / bare).toFixed(2),
      megabytes(program.fileBytes),
      (program.buildMs / 1000).toFixed(1),
      row.isCacheAccepted ? "" : "cache refused",
    ];
  });
  const head = [
    "packaging",
    "anonymous MB",
    "RSS MB",
    "main ms",
    "fastest",
    "ready ms",
    "fastest",
    "x bare node",
    "file MB",
    "build s",
    "",
  ];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `${lines.join("\n")}\nbare node -e 0: ${bare.toFixed(1)} ms, fastest ${Math.min(...bareNodeMs).toFixed(1)} ms\n`;
}

/** Millions of bytes. */
function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}

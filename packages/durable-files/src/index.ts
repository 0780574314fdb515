export { AppendFile } from "./append-file.ts";
export { decodeLine, encodeLine } from "./checked-line.ts";
export { makeFolder } from "./make-folder.ts";
export { readLines, type ReadLines } from "./read-lines.ts";
export { replaceFile } from "./replace-file.ts";
export { syncFolder } from "./sync-folder.ts";

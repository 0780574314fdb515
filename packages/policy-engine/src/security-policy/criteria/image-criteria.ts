import type { Criterion } from "./criterion.ts";
import { imageRow as row, type RowExceptions } from "./criterion-row.ts";

/** The rows about images: by name (known from the workload) and by what is in them (needs image metadata). @internal */
export function imageCriteria(): readonly Criterion[] {
  const image: RowExceptions = { needs: ["image"] };
  const positive: RowExceptions = { needs: ["image"], negation: false };
  const single: RowExceptions = { needs: ["image"], negation: false, operators: false };
  return [
    row("Image Registry", "wholeText", "text", "the registry of the image matches"),
    row("Image Remote", "wholeText", "text", "the path of the image, without registry and tag, matches"),
    row("Image Tag", "wholeText", "text", "the tag of the image matches"),
    row("Image Age", "age", "integer", "the image was built at least so many days ago", single),
    row("Image Scan Age", "age", "integer", "the image was last scanned at least so many days ago", single),
    row("Unscanned Image", "absent", "boolean", "nobody has scanned the image", single),
    row("Image User", "wholeText", "text", "the user that the image runs as matches", image),
    row("Image OS", "wholeText", "text", "the operating system in the image matches", image),
    row("Image Component", "compound", "keyValue", "the image holds a component of that name and version", positive),
    row(
      "Image Signature Verified By",
      "signature",
      "signatureIntegration",
      "none of these verified the image",
      positive,
    ),
    row("Dockerfile Line", "compound", "dockerfileLine", "a line of the image's Dockerfile matches", positive),
    row("Required Image Label", "mapContains", "keyValue", "the image lacks the label", positive),
    row("Disallowed Image Label", "mapLacks", "keyValue", "the image has the label", positive),
    row("CVE", "wholeText", "text", "the id of a vulnerability in the image matches", image),
    row("CVSS", "number", "comparison", "a vulnerability in the image has such a CVSS score", positive),
    row("NVD CVSS", "number", "comparison", "a vulnerability in the image has such a score at NVD", positive),
    row("Severity", "enumeration", "vulnerabilitySeverity", "a vulnerability in the image is so severe", positive),
    row("Fixable", "boolean", "boolean", "a vulnerability in the image has a fix, or has none", single),
    row("Fixed By", "wholeText", "text", "the version that fixes a vulnerability matches", image),
    row("Days Since CVE Was Published", "age", "integer", "a vulnerability was published so many days ago", single),
    row("Days Since CVE Fix Was Available", "age", "integer", "a fix has been there for so many days", single),
    row(
      "Days Since CVE Was First Discovered In Image",
      "age",
      "integer",
      "a vulnerability has been known in the image for so many days",
      single,
    ),
    row(
      "Days Since CVE Was First Discovered In System",
      "age",
      "integer",
      "a vulnerability has been known in the cluster for so many days",
      single,
    ),
  ];
}

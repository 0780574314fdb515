import type { EvaluationSubject } from "../../src/security-policy/evaluation/evaluation-subject.ts";
import type { ImageConfig, Vulnerability } from "../../src/security-policy/workload/image-metadata.ts";
import type { CriterionCase } from "./criterion-case.ts";
import { booleanCase as booleans, textCase as texts } from "./criterion-case.ts";
import { daysAgo, imageOf, testNow, vulnerabilityOf, workloadOf } from "./subjects.ts";

const ofImage = (
  config: Partial<ImageConfig>,
  scanned?: { vulnerabilities: readonly Vulnerability[] },
): EvaluationSubject => ({
  workload: workloadOf(),
  image: () => imageOf(config, scanned?.vulnerabilities),
});
const vulnerable = (facts: Partial<Vulnerability>): EvaluationSubject =>
  ofImage({}, { vulnerabilities: [vulnerabilityOf(facts)] });
const signature = "io.stackrox.signatureintegration.5b2f9d4e-7c1a-4e0b-9f63-0a8d2c4b6e11";

/** A case for each criterion about what is in images. */
export const imageCases: Readonly<Record<string, CriterionCase>> = {
  CVE: {
    ...texts,
    value: "CVE-2021-44228",
    violating: vulnerable({ id: "CVE-2021-44228", cvss: 10, severity: "CRITICAL", fixedBy: "2.17" }),
    passing: vulnerable({ id: "CVE-2021-44228", isSuppressed: true }),
    message:
      '"CVE-2021-44228" (CVSS 10, severity "CRITICAL", fixed by "2.17") is in component "openssl", version "3.0", of container "web"',
  },
  CVSS: {
    value: ">= 7",
    violating: vulnerable({ cvss: 7 }),
    passing: vulnerable({ cvss: 6.9 }),
    message:
      '"CVE-2020-0001" (CVSS 7, severity "LOW", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: ">= high",
  },
  "Days Since CVE Was First Discovered In Image": {
    value: "30",
    violating: vulnerable({ firstSeenInImage: daysAgo(30) }),
    passing: vulnerable({ firstSeenInImage: daysAgo(29) }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: "30d",
  },
  "Days Since CVE Was First Discovered In System": {
    value: "30",
    violating: vulnerable({ firstSeenInSystem: daysAgo(31) }),
    passing: vulnerable({ firstSeenInSystem: undefined }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: "-1",
  },
  "Days Since CVE Was Published": {
    value: "7",
    violating: vulnerable({ published: daysAgo(8) }),
    passing: vulnerable({ published: daysAgo(6) }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: "",
  },
  "Days Since CVE Fix Was Available": {
    value: "7",
    violating: vulnerable({ fixAvailable: daysAgo(8) }),
    passing: vulnerable({}),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: "7.5",
  },
  "Disallowed Image Label": {
    value: "stage=dev",
    violating: ofImage({ labels: new Map([["stage", "dev"]]) }),
    passing: ofImage({ labels: new Map([["stage", "prod"]]) }),
    message: 'the image of container "web" has a disallowed label; it has "stage"',
    malformed: "stage",
  },
  "Dockerfile Line": {
    value: "USER=root",
    violating: ofImage({ layers: [{ instruction: "USER", text: "root" }] }),
    passing: ofImage({ layers: [{ instruction: "USER", text: "app" }] }),
    message: 'the Dockerfile of container "web" has "USER root"',
    malformed: "USE=root",
  },
  Fixable: {
    ...booleans,
    violating: vulnerable({ fixedBy: "1.1" }),
    passing: vulnerable({ fixedBy: "" }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", fixed by "1.1") is in component "openssl", version "3.0", of container "web"',
  },
  "Fixed By": {
    ...texts,
    value: ".*",
    violating: vulnerable({ fixedBy: "1.1" }),
    passing: vulnerable({ fixedBy: "" }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", fixed by "1.1") is in component "openssl", version "3.0", of container "web"',
  },
  "Image Age": {
    value: "90",
    violating: ofImage({ created: Date.UTC(2026, 0, 1) }),
    passing: ofImage({ created: daysAgo(89) }),
    message: 'the image of container "web" was built 2026-01-01 00:00:00 UTC',
    malformed: "90 days",
  },
  "Image Component": {
    value: "openssl=3\\..*",
    violating: ofImage({}),
    passing: { workload: workloadOf(), image: () => imageOf({}, [], { scan: null }) },
    message: 'the image of container "web" holds component "openssl", version "3.0"',
    malformed: "=3",
  },
  "Image OS": {
    ...texts,
    value: "debian.*",
    violating: ofImage({}),
    passing: {
      workload: workloadOf(),
      image: () => imageOf({}, [], { scan: { scanned: testNow, operatingSystem: "alpine:3", components: [] } }),
    },
    message: 'the image of container "web" holds operating system "debian:13"',
  },
  "Image Scan Age": {
    value: "30",
    violating: {
      workload: workloadOf(),
      image: () => imageOf({}, [], { scan: { scanned: Date.UTC(2026, 1, 1), operatingSystem: "", components: [] } }),
    },
    passing: ofImage({}),
    message: 'the image of container "web" was last scanned 2026-02-01 00:00:00 UTC',
    malformed: "a month",
  },
  "Image Signature Verified By": {
    value: signature,
    violating: ofImage({}),
    passing: { workload: workloadOf(), image: () => imageOf({}, [], { verifiedBy: [signature] }) },
    message: 'the image of container "web" is not verified by any of the signatures asked for',
    malformed: "me",
  },
  "Image User": {
    ...texts,
    value: "|root|0",
    violating: ofImage({ user: "" }),
    passing: ofImage({ user: "app" }),
    message: 'the image of container "web" runs as user ""',
  },
  "NVD CVSS": {
    value: "> 7",
    violating: vulnerable({ nvdCvss: 7.1 }),
    passing: vulnerable({ nvdCvss: undefined }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "LOW", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: "> x",
  },
  "Required Image Label": {
    value: "maintainer=",
    violating: ofImage({}),
    passing: ofImage({ labels: new Map([["maintainer", "jane"]]) }),
    message: 'the image of container "web" lacks a required label; it has none',
    malformed: "maintainer",
  },
  Severity: {
    value: ">= IMPORTANT",
    violating: vulnerable({ severity: "IMPORTANT" }),
    passing: vulnerable({ severity: "MODERATE" }),
    message:
      '"CVE-2020-0001" (CVSS 2, severity "IMPORTANT", no fix) is in component "openssl", version "3.0", of container "web"',
    malformed: "HIGH",
  },
  "Unscanned Image": {
    ...booleans,
    violating: { workload: workloadOf(), image: () => imageOf({}, [], { scan: null }) },
    passing: ofImage({}),
    message: 'the image of container "web" has not been scanned',
  },
};

import { describe, expect, it } from "vitest";

import { parseImageName } from "./image-name.ts";

describe("parseImageName", () => {
  it.each([
    ["nginx", "docker.io", "library/nginx", "latest", ""],
    ["nginx:1.29", "docker.io", "library/nginx", "1.29", ""],
    ["team/web", "docker.io", "team/web", "latest", ""],
    ["docker.io/nginx", "docker.io", "library/nginx", "latest", ""],
    ["index.docker.io/library/nginx", "docker.io", "library/nginx", "latest", ""],
    ["registry.example:5000/a/b/c:v1", "registry.example:5000", "a/b/c", "v1", ""],
    ["localhost/web", "localhost", "web", "latest", ""],
    ["quay.io/x/y@sha256:ab", "quay.io", "x/y", "", "sha256:ab"],
    ["quay.io/x/y:1@sha256:ab", "quay.io", "x/y", "1", "sha256:ab"],
    ["", "docker.io", "", "latest", ""],
    [":", "docker.io", "", "latest", ""],
    ["///", "docker.io", "///", "latest", ""],
  ])("%s", (reference, registry, remote, tag, digest) => {
    expect(parseImageName(reference)).toEqual({ registry, remote, tag, digest });
  });
});

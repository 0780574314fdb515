import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findModuleCache, readApiPackages } from "./api-packages.ts";
import { writeFieldTableLines, writeFieldTableModule } from "./write-field-table.ts";

const PROTO = `
// A comment with message Words {
syntax = "proto2";

package shop.v1;

import "k8s.io/apimachinery/pkg/runtime/generated.proto";

option go_package = "shop/v1";

message Shop {
  optional .k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta metadata = 1;

  // Who works there.
  repeated Person staff = 2;

  map<string, string> shelves = 3;

  optional Site site = 4;

  optional Tags tags = 5;

  optional int64 floors = 6;
}

message Person {
}

message Site {
  optional string street = 1 [packed = false];
}

message Tags {
  // items, if empty, will result in an empty slice

  repeated string items = 1;
}
`;

const GO = `
type Shop struct {
	metav1.TypeMeta \`json:",inline"\`
	metav1.ObjectMeta \`json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"\`
	// Staff \`json:"no" protobuf:"bytes,2,opt"\`
	Staff []Person \`json:"people" protobuf:"bytes,2,rep,name=staff"\`
	Shelves map[string]string \`json:"shelves,omitempty" protobuf:"bytes,3,rep,name=shelves"\`
	Site \`json:",inline" protobuf:"bytes,4,opt,name=site"\`
	Tags Tags \`json:"tags" protobuf:"bytes,5,opt,name=tags"\`
	Floors *int64 \`json:"floors,omitempty" protobuf:"varint,6,opt,name=floors"\`
}

type Person struct{}

type Site struct {
	Street string \`json:"street,omitempty" protobuf:"bytes,1,opt,name=street"\`
}

type Tags []string
`;

describe("writeFieldTableLines", () => {
  it("joins the numbers of the .proto file with the names and marks of the Go tags", () => {
    expect(writeFieldTableLines([{ proto: PROTO, goSources: [GO], apiVersion: "shop/v1" }])).toEqual([
      "# shop.v1 shop/v1",
      "Shop! metadata=1m@ObjectMeta people=2m[Person shelves=3s{? site=4m<Site tags=5mTags floors=6l*?",
      "Person",
      "Site street=1s?",
      "Tags~ items=1s[",
    ]);
  });

  it("refuses a field that Go does not name", () => {
    const goSources = [GO.replace("varint,6", "varint,7")];
    expect(() => writeFieldTableLines([{ proto: PROTO, goSources, apiVersion: undefined }])).toThrow(
      "shop.v1.Shop.floors",
    );
  });

  it("refuses what it cannot read", () => {
    const proto = PROTO.replace("optional int64 floors = 6", "oneof floors { }");
    expect(() => writeFieldTableLines([{ proto, goSources: [GO], apiVersion: undefined }])).toThrow("oneof");
  });
});

describe("writeFieldTableModule", () => {
  const cache = findModuleCache(process.env);

  it.skipIf(cache === undefined)("writes what is checked in [requires Go's module cache]", () => {
    const path = new URL("../../../packages/kube-schema/src/field-table/gen/field-table-text.ts", import.meta.url);
    expect(writeFieldTableModule(readApiPackages(cache!)) === readFileSync(path, "utf8")).toBe(true);
  });
});

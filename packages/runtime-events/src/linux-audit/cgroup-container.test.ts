import { describe, expect, it } from "vitest";
import { containerIdOfCgroup } from "./cgroup-container.ts";

const id = "b232a46eba71ecf08c7cb36584f1dbe1553795fa697d973ee68fce6282d1c6a0";
const other = "1111111111111111111111111111111111111111111111111111111111111111";
const uid = "0b2cf9a4-1d2e-4a52-9d1a-0e9a3d0f5a11";

describe("containerIdOfCgroup", () => {
  it.each([
    [
      "containerd, systemd",
      `0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid.replaceAll("-", "_")}.slice/cri-containerd-${id}.scope`,
    ],
    ["containerd, cgroupfs", `0::/kubepods/burstable/pod${uid}/${id}`],
    [
      "containerd, unsplit slice",
      `11:memory:/system.slice/containerd.service/kubepods-besteffort-pod${uid}.slice:cri-containerd:${id}`,
    ],
    ["CRI-O, systemd", `0::/kubepods.slice/kubepods-pod${uid}.slice/crio-${id}.scope`],
    ["CRI-O, cgroupfs", `4:memory:/kubepods/pod${uid}/crio-${id}`],
    ["CRI-O with a cgroup of its own inside", `0::/kubepods.slice/kubepods-pod${uid}.slice/crio-${id}.scope/container`],
    ["Docker, version 1", `9:name=systemd:/docker/${id}\n4:memory:/docker/${id}`],
    ["Docker, systemd", `0::/system.slice/docker-${id}.scope`],
    ["Podman, cgroupfs", `9:name=systemd:/libpod_parent/libpod-${id}`],
    ["Podman, systemd", `0::/machine.slice/libpod-${id}.scope/container`],
    ["seen from another cgroup namespace", `0::/../../kubepods-pod${uid}.slice/cri-containerd-${id}.scope`],
    ["a node that is a container itself", `0::/docker/${other}/kubelet/kubepods/pod${uid}/${id}`],
    ["a container inside a pod's container", `0::/kubepods/pod${uid}/${id}/docker/${other}`],
    ["only one controller", `9:name=systemd:/\n8:pids:/kubepods/pod${uid}/${id}\n0::/`],
  ])("finds the container of %s [linux-audit containers]", (_, text) => {
    expect(containerIdOfCgroup(`${text}\n`)).toBe(id);
  });

  it.each([
    ["the host", "0::/system.slice/sshd.service"],
    ["the root", "0::/"],
    ["the watcher of CRI-O", `0::/kubepods.slice/kubepods-pod${uid}.slice/crio-conmon-${id}.scope`],
    ["the watcher of Podman", `0::/machine.slice/libpod-conmon-${id}.scope`],
    ["a pod's own group", `0::/kubepods/burstable/pod${uid}`],
    ["digits that are too few", `0::/docker/${id.slice(1)}`],
    ["digits that are too many", `0::/docker/${id}0`],
    ["nothing", ""],
    ["anything else", "x\n:\n::\n\0"],
  ])("finds none in %s", (_, text) => {
    expect(containerIdOfCgroup(text)).toBe("");
  });
});

// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import JournalSource

@Suite("Lines of the kubelet, the kernel and CRI-O")
struct KubeletLineTests {
    private typealias Samples = LineSamples
    private let id = LineSamples.id
    private let uid = LineSamples.uid

    @Test("the kubelet's events say whose container it is, in every format it has had")
    func events() throws {
        let pod = PodName(namespace: "default", name: "web", uid: PodUID(uid))
        let expected = try [JournalLine.named(Samples.container(), pod, container: nil)]
        let head = #""SyncLoop (PLEG): event for pod" pod="default/web" "#
        for type in ["ContainerStarted", "ContainerDied"] {
            #expect(
                Samples.kubelet(head + #"event={"ID":"\#(uid)","Type":"\#(type)","Data":"\#(id)"}"#) == expected)
            #expect(Samples.kubelet(head + "event=&{ID:\(uid) Type:\(type) Data:\(id)}") == expected)
        }
        let json = """
            {"ts":1795228810865.378,"caller":"kubelet/kubelet.go:2752","msg":"SyncLoop (PLEG): event for pod","v":2,\
            "pod":{"name":"web","namespace":"default"},\
            "event":{"ID":"\(uid)","Type":"ContainerDied","Data":"\(id)"}}
            """
        #expect(Samples.read(json, unit: "kubelet.service") == expected)
        #expect(
            try Samples.kubelet(head + #"event={"ID":"\#(uid)","Type":"ContainerRemoved","Data":"\#(id)"}"#)
                == [.event(Samples.container(), .removed)])
    }

    @Test("a finished container has a code and no time of its own")
    func finished() throws {
        let expected = try [
            JournalLine.named(Samples.container(), PodName(uid: PodUID(uid)), container: nil),
            .event(Samples.container(), .exited(code: 42, finishedAt: nil)),
        ]
        let head = #""Generic (PLEG): container finished" "#
        #expect(Samples.kubelet(head + #"podID="\#(uid)" containerID="\#(id)" exitCode=42"#) == expected)
        #expect(Samples.kubelet(head + #"podID=\#(uid) containerID="containerd://\#(id)" exitCode="42""#) == expected)
        let json = """
            {"ts":1.5,"msg":"Generic (PLEG): container finished","podID":"\(uid)","containerID":"\(id)","exitCode":42}
            """
        #expect(Samples.read(json, unit: "kubelet.service") == expected)
        for code in ["-1", "x", "", "99999999999"] {
            #expect(Samples.kubelet(head + #"podID="\#(uid)" containerID="\#(id)" exitCode=\#(code)"#).count < 2)
        }
    }

    @Test("a killing line names pod and container")
    func killing() throws {
        let text = """
            "Killing container with a grace period" pod="default/s5" podUID="\(uid)" containerName="third" \
            containerID="containerd://\(id)" gracePeriod=30
            """
        #expect(
            try Samples.kubelet(text) == [
                .named(
                    Samples.container(), PodName(namespace: "default", name: "s5", uid: PodUID(uid)),
                    container: "third")
            ])
    }

    @Test("a value cannot pass for a key, a later key not for the first, a remainder not for a line")
    func hostile() throws {
        let fake = #"x" containerID="\#(Samples.other)" exitCode=0 y=""#
        let lines = Samples.kubelet(
            #""Generic (PLEG): container finished" podID=\#(Samples.quoted(fake)) containerID="\#(id)" exitCode=9 "#
                + #"containerID="\#(Samples.other)""#)
        #expect(try lines.last == .event(Samples.container(), .exited(code: 9, finishedAt: nil)))
        let line =
            #"I1121 02:40:10.865378   20580 generic.go:413] "Generic (PLEG): container finished" "#
            + #"podID="u" containerID="\#(id)" exitCode=0"#
        #expect(!Samples.read(line, unit: "kubelet.service").isEmpty)
        for bad in ["\t" + line, " " + line, "E " + line, "output=<" + line, String(line.dropFirst()), line + " x"] {
            #expect(Samples.read(bad, unit: "kubelet.service").isEmpty, "\(bad)")
        }
    }

    @Test("the kernel's OOM line names the container by its cgroup, under both cgroup drivers")
    func kernel() throws {
        func read(_ path: String, task: String = "stress") -> [JournalLine] {
            let text = """
                oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=\(path),\
                task_memcg=\(path),task=\(task),pid=1234,uid=0
                """
            return KernelLine.read(Array(text.utf8))
        }
        let expected = try [JournalLine.event(Samples.container(), .outOfMemory)]
        let pod = "kubepods-besteffort-pod\(uid).slice"
        for path in [
            "/kubepods.slice/kubepods-besteffort.slice/\(pod)/cri-containerd-\(id).scope",
            "/kubepods.slice/\(pod)/crio-\(id).scope", "/kubepods/besteffort/pod\(uid)/\(id)", "/lastword-rig.x/\(id)",
            // A node that is a container itself, and a container that makes cgroups of its own.
            "/docker/\(Samples.other)/kubelet/kubepods/besteffort/pod\(uid)/\(id)/\(Samples.sandbox)",
        ] {
            #expect(read(path) == expected, "\(path)")
        }
        #expect(read("/system.slice/ssh.service").isEmpty)
        #expect(read("/kubepods/besteffort/pod\(uid)/\(id)x").isEmpty)
        #expect(read("/kubepods/\(id)", task: "a,task_memcg=/x").isEmpty)
        #expect(KernelLine.read(Array("Memory cgroup out of memory: Killed process 1 (\(id))".utf8)).isEmpty)
    }

    @Test("CRI-O's lines name container and pod at once")
    func crio() throws {
        let it = try Samples.container()
        let pod = PodName(namespace: "default", name: "web")
        #expect(
            Samples.read(Samples.logrus("Created container \(id): default/web/debugger-x"), unit: "crio.service")
                == [.named(it, pod, container: "debugger-x")])
        #expect(
            Samples.read(
                Samples.logrus(
                    "Started container",
                    more: " PID=4 containerID=\(id) description=default/web/debugger-x sandboxID=x"),
                unit: "crio.service")
                == [.named(it, pod, container: "debugger-x"), .event(it, .started)])
        #expect(
            Samples.read(Samples.logrus("Removed container \(id): default/web/debugger-x"), unit: "crio.service")
                == [.event(it, .removed)])
        #expect(Samples.read(Samples.logrus("Created container \(id): a/b/c/d"), unit: "crio.service").isEmpty)
    }
}

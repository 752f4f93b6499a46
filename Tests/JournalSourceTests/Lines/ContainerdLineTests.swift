// SPDX-License-Identifier: Apache-2.0
import SessionRecords
import SessionTracking
import Testing

@testable import JournalSource

@Suite("Lines of containerd")
struct ContainerdLineTests {
    private typealias Samples = LineSamples
    private let id = LineSamples.id
    private let sandbox = LineSamples.sandbox

    @Test(
        "a create line of any version names the container",
        arguments: [
            ("&ContainerMetadata{Name:debugger-x,Attempt:2,}", 2),
            ("&ContainerMetadata{Name:debugger-x,Attempt:0,}", 0),
            (#"name:"debugger-x""#, 0), (#"name:"debugger-x"  attempt:2"#, 2), (#"name: "debugger-x" attempt: 2 "#, 2),
        ])
    func created(metadata: String, attempt: Int) throws {
        let text = #"CreateContainer within sandbox "\#(sandbox)" for \#(metadata) returns container id "\#(id)""#
        #expect(
            try Samples.containerd(text) == [
                .created(
                    Samples.container(), sandbox: Samples.container(sandbox), name: "debugger-x", attempt: attempt)
            ])
        // The announcement before it, and a failure, name no id.
        #expect(Samples.containerd(#"CreateContainer within sandbox "\#(sandbox)" for container \#(metadata)"#).isEmpty)
        #expect(Samples.containerd(#"CreateContainer within sandbox "\#(sandbox)" for \#(metadata) failed"#).isEmpty)
    }

    @Test(
        "a sandbox line of any version names the pod",
        arguments: [
            "&PodSandboxMetadata{Name:web,Uid:\(LineSamples.uid),Namespace:default,Attempt:0,}",
            #"name:"web"  uid:"\#(LineSamples.uid)"  namespace:"default""#,
            #"name:"web" uid:"\#(LineSamples.uid)" namespace:"default" attempt:1"#,
        ])
    func sandboxes(metadata: String) throws {
        let text = #"RunPodSandbox for \#(metadata) returns sandbox id "\#(sandbox)""#
        let pod = PodName(namespace: "default", name: "web", uid: PodUID(Samples.uid))
        #expect(try Samples.containerd(text) == [.sandbox(Samples.container(sandbox), pod)])
        #expect(Samples.containerd("RunPodSandbox for \(metadata)").isEmpty)
    }

    @Test("start, removal, sandbox and attach lines")
    func short() throws {
        let it = try Samples.container()
        #expect(Samples.containerd(#"StartContainer for "\#(id)" returns successfully"#) == [.event(it, .started)])
        #expect(Samples.containerd(#"RemoveContainer for "\#(id)" returns successfully"#) == [.event(it, .removed)])
        for text in ["StopPodSandbox for \"\(id)\"", "RemovePodSandbox \"\(id)\" returns successfully"] {
            #expect(Samples.containerd(text) == [.sandbox(it, nil)])
        }
        for stream in ["stdin", "stdout", "stderr"] {
            let text = #"Attach stream "\#(id)-attach-9e73915ef8bbbe25-\#(stream)" closed"#
            #expect(Samples.containerd(text) == [.event(it, .attachClosed(stream: stream))])
        }
        for nothing in [
            #"StartContainer for "\#(id)""#, #"StartContainer for "\#(id)" failed"#, #"RemoveContainer for "\#(id)""#,
            #"Attach stream "\#(id)-exec-1-stdout" closed"#, #"Attach stream "\#(id)-attach-1-fd3" closed"#,
            "serving...",
            "", #"Exec for "\#(id)" returns successfully"#,
        ] {
            #expect(Samples.containerd(nothing).isEmpty, "\(nothing)")
        }
    }

    @Test("an exit of 2.x is the container's, with the runtime's time; 0 is left out of the text")
    func exits() throws {
        let it = try Samples.container()
        let ids = #"container_id:"\#(id)"  id:"\#(id)"  pid:24987"#
        let at = Timestamp(seconds: 1_795_228_810, nanos: 522_775_261)
        #expect(
            Samples.containerd(
                "received container exit event \(ids)  exit_status:42  exited_at:{seconds:1795228810  nanos:522775261}")
                == [.event(it, .exited(code: 42, finishedAt: at))])
        #expect(
            Samples.containerd("received container exit event \(ids) exited_at:{seconds:1795228810 nanos:522775261}")
                == [.event(it, .exited(code: 0, finishedAt: at))])
        #expect(
            Samples.containerd("received container exit event \(ids) exit_status:137")
                == [.event(it, .exited(code: 137, finishedAt: nil))])
        #expect(
            Samples.containerd("received sandbox exit event \(ids) exit_status:137") == [.sandbox(it, nil)])
    }

    @Test("an exit before 2.0 may be a sandbox's, too; it was read on a real 1.6.20 at level debug")
    func oldExits() throws {
        let it = try Samples.container()
        let text = """
            received exit event &TaskExit{ContainerID:\(id),ID:\(id),Pid:17419,ExitStatus:137,\
            ExitedAt:2026-11-21 08:19:28.212353366 +0000 UTC,XXX_unrecognized:[],}
            """
        let at = try #require(Timestamp(rfc3339: "2026-11-21T08:19:28.212353366Z"))
        #expect(Samples.containerd(text) == [.taskExited(it, code: 137, at: at)])
        #expect(
            Samples.read(Samples.logrus(text, level: "debug")) == [.taskExited(it, code: 137, at: at)])
        #expect(
            Samples.containerd(text.replacing("08:19:28.212353366 +0000 UTC", with: "09:19:28.5 +0100 CET"))
                == [.taskExited(it, code: 137, at: Timestamp(rfc3339: "2026-11-21T08:19:28.5Z"))])
        #expect(
            Samples.containerd(#"TaskExit event container_id:"\#(id)" id:"\#(id)" pid:3 exit_status:3"#)
                == [.taskExited(it, code: 3, at: nil)])
    }

    @Test("the end of an exec is never the container's")
    func execs() {
        let other = Samples.other
        for text in [
            #"received container exit event container_id:"\#(id)"  id:"\#(other)"  pid:24987  exit_status:1"#,
            #"received container exit event container_id:"\#(id)" pid:24987 exit_status:1"#,
            "received exit event &TaskExit{ContainerID:\(id),ID:\(other),Pid:1,ExitStatus:1,XXX_unrecognized:[],}",
        ] {
            #expect(Samples.containerd(text).isEmpty, "\(text)")
        }
    }

    @Test("an OOM in both forms")
    func outOfMemory() throws {
        let it = try Samples.container()
        for text in ["&TaskOOM{ContainerID:\(id),XXX_unrecognized:[],}", #"container_id:"\#(id)""#] {
            #expect(Samples.containerd("TaskOOM event \(text)") == [.event(it, .outOfMemory)])
        }
    }

    @Test("the line's own time is taken, in any zone; without one the entry's")
    func times() throws {
        func time(_ line: String) -> Timestamp? {
            JournalTranslator.lines(
                of: JournalEntry(
                    origin: .unit("containerd.service"), message: Array(line.utf8),
                    received: Timestamp(nanoseconds: 7))
            ).1
        }
        let start = #"StartContainer for \"\#(id)\" returns successfully"#
        let expected = Timestamp(rfc3339: "2026-11-21T08:19:28.212921405Z")
        #expect(time("time=\"2026-11-21T08:19:28.212921405Z\" level=info msg=\"\(start)\"") == expected)
        #expect(time("time=\"2026-11-21T10:19:28.212921405+02:00\" level=info msg=\"\(start)\"") == expected)
        #expect(time("level=info msg=\"\(start)\"") == nil)
        #expect(time("time=\"yesterday\" level=info msg=\"\(start)\"") == nil)
    }
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}

package dev.gatun.opencl;

import dev.gatun.bindings.opencl.CL;
import dev.gatun.op.ClSource;
import dev.gatun.op.Kernel;
import dev.gatun.op.Launch;
import dev.gatun.opencl.ClBuffers.ClBuffer;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Holds back launches that go element by element while each reads what one before made, and
/// enqueues such a chain as one kernel: what is passed on stays in registers, and what was given
/// back meanwhile is not written at all. Results have the same bits: the functions are the same,
/// and nothing is contracted.
///
/// A program takes half a second to build, so a chain is joined once it came [#TIMES] times, and no
/// more than [#PROGRAMS] kinds ever are. Not safe for threads: its device's lock is held.
final class Fusion {
  /// Launches of a chain.
  static final int MOST = 8;

  /// How often a chain goes call by call.
  static final int TIMES = 8;

  /// Kinds of chains that are known.
  private static final int PROGRAMS = 256;

  /// Takes what is ready, in order.
  interface Sink {
    void enqueue(Launch launch, List<Tensor> in, List<Tensor> out);
  }

  private record Step(Kernel op, Launch launch, Launch.Pointwise f, List<Tensor> in, Tensor out) {}

  /// What is known of a chain.
  ///
  /// @param times how often it came
  /// @param source of the program, once it is wanted
  private record Kind(int times, Optional<ClSource> source) {}

  private final Sink sink;
  private final List<Step> chain = new ArrayList<>();
  private final Set<MemorySegment> dead = new HashSet<>();
  private final Map<String, Kind> kinds = new HashMap<>();
  private long fused;

  Fusion(Sink sink) {
    this.sink = sink;
  }

  /// Chains that went as one kernel so far.
  long fused() {
    return fused;
  }

  /// Takes a call of `op` to hold it back, if it is one launch that goes element by element.
  boolean takes(Kernel op, List<Launch> launches, List<Tensor> in, List<Tensor> out) {
    if (launches.size() != 1 || launches.get(0).pointwise().isEmpty()) {
      return false;
    }
    Launch launch = launches.get(0);
    Launch.Pointwise f = launch.pointwise().orElseThrow();
    if (f.n() == 0) {
      return false;
    }
    Step step = new Step(op, launch, f, in, out.get(0));
    if (!chain.isEmpty() && !continues(step)) {
      flush();
    }
    chain.add(step);
    // Memory that came back while the chain was held may be this result's.
    dead.remove(memory(step.out));
    // The pool may let go of memory that is only referred to here.
    in.forEach(t -> Native.check(CL.clRetainMemObject(memory(t)), "clRetainMemObject"));
    Native.check(CL.clRetainMemObject(memory(step.out)), "clRetainMemObject");
    return true;
  }

  private boolean continues(Step next) {
    Step first = chain.get(0);
    boolean alike =
        chain.size() < MOST
            && next.f.n() == first.f.n()
            && next.launch.options().equals(first.launch.options())
            && shape(next.launch).equals(shape(first.launch))
            && next.f.functions().equals(first.f.functions());
    if (!alike) {
      return false;
    }
    boolean reads = false;
    for (int i = 0; i < next.in.size(); i++) {
      Tensor x = next.in.get(i);
      Optional<Step> maker = maker(x);
      if (maker.isPresent()) {
        boolean same =
            maker.get().out.layout().offset() == x.layout().offset() && next.f.each().get(i);
        if (!same) {
          return false;
        }
        reads = true;
      }
    }
    return reads && !isUsed(memory(next.out));
  }

  /// What makes the program's shape: all that is defined but the function.
  private static List<String> shape(Launch l) {
    return l.defines().stream().filter(d -> !d.startsWith("#define BODY ")).toList();
  }

  private Optional<Step> maker(Tensor x) {
    return chain.stream().filter(s -> memory(s.out).equals(memory(x))).findFirst();
  }

  private boolean isUsed(MemorySegment memory) {
    return chain.stream()
        .anyMatch(s ->
            memory(s.out).equals(memory) || s.in.stream().anyMatch(t -> memory(t).equals(memory)));
  }

  private static MemorySegment memory(Tensor t) {
    return ((ClBuffer) t.buffer()).memory();
  }

  /// Makes way for a call: what touches nothing of the chain, such as the filling of a constant,
  /// overtakes it; before anything else the chain is enqueued.
  void before(List<Tensor> in, List<Tensor> out, Optional<ClBuffer> scratch) {
    boolean apart =
        in.stream().noneMatch(t -> maker(t).isPresent())
            && out.stream().noneMatch(t -> isUsed(memory(t)))
            && scratch.stream().noneMatch(b -> isUsed(b.memory()));
    // A kernel without results writes its inputs.
    if (!apart || out.isEmpty()) {
      flush();
    }
  }

  /// Nobody will read `buffer` any more but those that were called already.
  void release(ClBuffer buffer) {
    if (!chain.isEmpty()) {
      dead.add(buffer.memory());
    }
  }

  /// Enqueues what is held back.
  void flush() {
    if (chain.isEmpty()) {
      return;
    }
    try {
      enqueue();
    } finally {
      drop();
    }
  }

  /// Forgets what is held back.
  void drop() {
    for (Step s : chain) {
      s.in.forEach(t -> CL.clReleaseMemObject(memory(t)));
      CL.clReleaseMemObject(memory(s.out));
    }
    chain.clear();
    dead.clear();
  }

  private void enqueue() {
    Chain joined = new Chain();
    String key = joined.key();
    Kind kind = kinds.getOrDefault(key, new Kind(0, Optional.empty()));
    boolean known = kind.times > 0 || kinds.size() < PROGRAMS;
    if (chain.size() == 1 || !known || kind.times < TIMES) {
      if (chain.size() > 1 && known) {
        kinds.put(key, new Kind(kind.times + 1, kind.source));
      }
      for (Step s : chain) {
        each(List.of(s), () -> sink.enqueue(s.launch, s.in, List.of(s.out)));
      }
      return;
    }
    ClSource source = kind.source.orElseGet(joined::source);
    kinds.put(key, new Kind(kind.times, Optional.of(source)));
    Launch launch = joined.launch(source);
    each(chain, () -> sink.enqueue(launch, joined.inputs, joined.outputs));
    fused++;
  }

  private static void each(List<Step> steps, Runnable work) {
    try {
      work.run();
    } catch (ClException e) {
      List<Kernel> ops = steps.stream().map(Step::op).toList();
      throw new IllegalStateException(ops + ": " + e.getMessage(), e);
    }
  }

  /// The chain as one kernel: operands `i0, i1, ...` from outside, one result `t0, t1, ...` a step,
  /// those stored that somebody may still read.
  private final class Chain {
    private final List<Tensor> inputs = new ArrayList<>();
    private final List<Boolean> each = new ArrayList<>();
    private final List<Tensor> outputs = new ArrayList<>();
    private final List<List<String>> operands = new ArrayList<>();
    private final List<Boolean> stored = new ArrayList<>();

    Chain() {
      for (Step s : chain) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < s.in.size(); i++) {
          names.add(operand(s, i));
        }
        operands.add(names.size() == 1 ? List.of(names.get(0), names.get(0)) : names);
        boolean kept = !dead.contains(memory(s.out)) || s == chain.get(chain.size() - 1);
        stored.add(kept);
        if (kept) {
          outputs.add(s.out);
        }
      }
    }

    private String operand(Step s, int i) {
      Tensor x = s.in.get(i);
      for (int j = 0; j < chain.indexOf(s); j++) {
        if (memory(chain.get(j).out).equals(memory(x))) {
          return "t" + j;
        }
      }
      for (int j = 0; j < inputs.size(); j++) {
        Tensor other = inputs.get(j);
        if (memory(other).equals(memory(x))
            && other.layout().offset() == x.layout().offset()
            && each.get(j).equals(s.f.each().get(i))) {
          return "i" + j;
        }
      }
      inputs.add(x);
      each.add(s.f.each().get(i));
      return "i" + (inputs.size() - 1);
    }

    String key() {
      StringBuilder key = new StringBuilder(chain.get(0).launch.options());
      shape(chain.get(0).launch).forEach(d -> key.append('\n').append(d));
      key.append(each);
      for (int j = 0; j < chain.size(); j++) {
        key.append('\n').append(operands.get(j)).append(stored.get(j));
        key.append(chain.get(j).f.body());
      }
      return key.toString();
    }

    Launch launch(ClSource source) {
      Launch.Builder l = Launch.of(source, "chain");
      for (int i = 0; i < inputs.size(); i++) {
        l.in(i);
      }
      for (int o = 0; o < outputs.size(); o++) {
        l.out(o);
      }
      Step first = chain.get(0);
      l.longs(first.f.n());
      chain.forEach(s -> l.real(s.f.type(), s.f.a()).real(s.f.type(), s.f.b()));
      Launch own = l.over(first.launch.global().get(0), first.launch.local().get(0));
      return new Launch(
          source,
          shape(first.launch),
          first.launch.options(),
          "chain",
          own.arguments(),
          own.global(),
          own.local(),
          Optional.empty());
    }

    ClSource source() {
      StringBuilder c = new StringBuilder(chain.get(0).f.functions().text());
      List<String> parameters = new ArrayList<>();
      List<String> open = new ArrayList<>();
      for (int i = 0; i < inputs.size(); i++) {
        parameters.add("IN(T, x%d)".formatted(i));
        open.add("  OPEN(T, x%d);".formatted(i));
      }
      for (int o = 0; o < outputs.size(); o++) {
        parameters.add("OUT(T, y%d)".formatted(o));
        open.add("  OPEN_OUT(T, y%d);".formatted(o));
      }
      parameters.add("const long n");
      for (int j = 0; j < chain.size(); j++) {
        c.append("inline V f%d(V x, V y, T a, T b) { %s }%n".formatted(j, chain.get(j).f.body()));
        parameters.add("const T a%d, const T b%d".formatted(j, j));
      }
      c.append("kernel void chain(").append(String.join(", ", parameters)).append(") {\n");
      c.append(String.join("\n", open)).append('\n');
      c.append("  long i = get_global_id(0) * (long) CHUNK;\n");
      c.append("  const long end = min(i + CHUNK, n);\n");
      c.append("  for (; i + LANES <= end; i += LANES) {\n");
      for (int i = 0; i < inputs.size(); i++) {
        String load = each.get(i) ? "LOAD(x%d + i)" : "(V) (x%d[0])";
        c.append("    const V i%d = %s;%n".formatted(i, load.formatted(i)));
      }
      steps(c, "    ", "STORE(t%d, y%d + i);");
      c.append("  }\n#if LANES > 1\n  if (i < end) {\n    T part[LANES] = {0};\n");
      for (int i = 0; i < inputs.size(); i++) {
        String from = each.get(i) ? "[j]" : "[0]";
        c.append("    for (long j = i; j < end; j++) part[j - i] = x%d%s;%n".formatted(i, from));
        c.append("    const V i%d = LOAD(part);%n".formatted(i));
      }
      String store = "STORE(t%d, part);\n    for (long j = i; j < end; j++) y%d[j] = part[j - i];";
      steps(c, "    ", store);
      c.append("  }\n#endif\n}\n");
      return new ClSource("chain.cl", c.toString());
    }

    private void steps(StringBuilder c, String indent, String store) {
      int o = 0;
      for (int j = 0; j < chain.size(); j++) {
        String x = operands.get(j).get(0);
        String y = operands.get(j).get(1);
        c.append(indent)
            .append("const V t%d = f%d(%s, %s, a%d, b%d);%n".formatted(j, j, x, y, j, j));
        if (stored.get(j)) {
          c.append(indent).append(store.formatted(j, o)).append('\n');
          o++;
        }
      }
    }
  }
}

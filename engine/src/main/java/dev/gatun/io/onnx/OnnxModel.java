package dev.gatun.io.onnx;

import dev.gatun.device.Device;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A model in the ONNX format (<https://onnx.ai/onnx/repo-docs/IR.html>), operator sets 7 to 26, on
/// a device.
///
/// ```java
/// try (Device cpu = CpuDevice.open(); OnnxModel model = OnnxModel.open(path, cpu); Scope scope = cpu.scope()) {
///   Tensor ids = scope.tensor(Shape.of(1, 3), 101L, 7592L, 102L);
///   Tensor y = model.run(scope, Map.of("input_ids", ids)).get("last_hidden_state");
/// }
/// ```
///
/// Opening copies the weights to the device, computes what depends on nothing else, and replaces
/// known patterns of nodes by the engine's own ops. The first run with inputs of new shapes also
/// learns what follows from the shapes alone; later runs with the same shapes leave that out, and
/// where results do not decide on what is called, they repeat the calls of kernels alone, in memory
/// that was planned for them. Types that the engine does not have (16-bit floats, unsigned and
/// short integers) are carried by wider ones and rounded after each node; UINT64 comes and goes as
/// the I64 of the same bits.
///
/// Files are not trusted: every length is checked before it is used, and a bad file gives one
/// exception and leaves nothing allocated. Any number of threads may run one model at a time.
public final class OnnxModel implements AutoCloseable {
  /// Shapes of inputs whose plans are kept.
  private static final int PLANS = 16;

  /// The most of a value that follows from shapes alone and is kept.
  private static final long KEPT_BYTES = 1 << 22;

  private final String where;
  private final Device device;
  private final GraphReader.Model file;
  private final Program program;

  /// Inputs that the file has no value for.
  private final List<Graph.Port> ports;

  private final Plan folded;
  private final Loading loading;
  private final Map<List<Object>, Prepared> plans = new HashMap<>();
  private final Repetition.Idle idle = new Repetition.Idle();
  private final List<Scope> learnt = new ArrayList<>();
  private boolean closed;

  /// @param settled how to run the plan again, once a run has nothing more to learn
  private record Prepared(Plan plan, Optional<Repetition> settled) {}

  private OnnxModel(
      String where,
      Device device,
      GraphReader.Model file,
      Program program,
      Plan folded,
      Loading loading) {
    this.where = where;
    this.device = device;
    this.file = file;
    this.program = program;
    this.ports =
        program.graph().inputs().stream()
            .filter(p -> !program.graph().stored().containsKey(p.name()))
            .toList();
    this.folded = folded;
    this.loading = loading;
  }

  /// An input or output of a model.
  ///
  /// @param name its name
  /// @param type the element type by ONNX's name, or "?" where the file does not say it
  /// @param dims a size, a name for a size that may vary, or "?", for each axis; empty if the
  ///   number of axes is open
  public record Port(String name, String type, Optional<List<String>> dims) {
    /// `input_ids INT64 [batch,sequence]`.
    @Override
    public String toString() {
      return name + " " + type + dims.map(d -> " [" + String.join(",", d) + "]").orElse("");
    }
  }

  /// Reads the model in `file`, with data of weights in other files beside it where it says so.
  ///
  /// @throws IOException if it cannot be read, is not a sound model, or has operators that are not
  ///   there; all of these are named
  /// @throws IllegalStateException if the device has no memory for the weights
  public static OnnxModel open(Path file, Device device) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": a model must be a regular file; there is none");
    }
    try (Arena arena = Arena.ofShared();
        FileChannel channel = FileChannel.open(file)) {
      MemorySegment all = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      Optional<Path> folder = Optional.ofNullable(file.toAbsolutePath().getParent());
      return open(all, file.toString(), new StoredReader(file.toString(), folder, arena), device);
    } catch (InternalError lost) {
      // What the JVM makes of a page that the file no longer has.
      throw new IOException(file + ": the file must not shrink while it is read; it did", lost);
    }
  }

  /// Reads a model from memory; it must hold all its weights.
  ///
  /// @param name for messages
  /// @throws IOException as above
  public static OnnxModel read(MemorySegment model, String name, Device device) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      return open(model, name, new StoredReader(name, Optional.empty(), arena), device);
    }
  }

  private static OnnxModel open(
      MemorySegment data, String where, StoredReader tensors, Device device) throws IOException {
    // The table of operators takes as long to make as the weights to copy: both at once.
    Thread.startVirtualThread(() -> Operators.find("", "Identity", 1));
    GraphReader.Model file = new GraphReader(where, tensors).model(data);
    Loading loading = new Loading(device);
    boolean done = false;
    try {
      Program program = loading.program(file);
      Plan folded = loading.fold(program);
      OnnxModel model = new OnnxModel(where, device, file, program, folded, loading);
      done = true;
      return model;
    } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
      throw new IOException(where + ": " + e.getMessage(), e);
    } finally {
      if (!done) {
        loading.close();
      }
    }
  }

  /// What a run must be given.
  public List<Port> inputs() {
    return ports.stream().map(OnnxModel::port).toList();
  }

  /// What a run returns.
  public List<Port> outputs() {
    return program.graph().outputs().stream().map(OnnxModel::port).toList();
  }

  private static Port port(Graph.Port p) {
    return new Port(p.name(), p.type().map(ElementType::name).orElse("?"), p.dims());
  }

  /// The file's own key-value pairs.
  public Map<String, String> metadata() {
    return file.metadata();
  }

  /// Operators in the order they run, after constants are folded and patterns are replaced.
  public List<String> operators() {
    return folded.steps().stream().map(s -> s.node().operator()).toList();
  }

  /// Runs the model; the results live in `scope`.
  ///
  /// @throws IllegalArgumentException if an input is missing, unknown, of another type or shape
  ///   than the model says, or a node refuses what it gets
  /// @throws IllegalStateException if the model is closed
  public Map<String, Tensor> run(Scope scope, Map<String, Tensor> inputs) {
    requireOpen();
    List<Value> in = check(inputs);
    List<Value> out = run(scope, in);
    Map<String, Tensor> results = new LinkedHashMap<>();
    for (int i = 0; i < out.size(); i++) {
      results.put(program.graph().outputs().get(i).name(), out.get(i).tensor());
    }
    return results;
  }

  /// The first output of a model with one input.
  ///
  /// @throws IllegalArgumentException as above
  public Tensor run(Scope scope, Tensor input) {
    List<Port> ports = inputs();
    if (ports.size() != 1) {
      throw new IllegalArgumentException(
          "%s: inputs must be given by name; there are %s".formatted(where, ports));
    }
    return run(scope, Map.of(ports.get(0).name(), input)).values().iterator().next();
  }

  /// For tests: values with ONNX's own types.
  List<Value> run(Scope scope, List<Value> in) {
    List<Object> key = in.stream().<Object>map(v -> List.of(v.type(), v.shape())).toList();
    Optional<Prepared> found;
    synchronized (plans) {
      found = Optional.ofNullable(plans.get(key));
    }
    Prepared prepared = found.orElse(new Prepared(folded, Optional.empty()));
    if (prepared.settled().isPresent()) {
      return prepared.settled().get().run(scope, in);
    }
    Scope kept = device.scope("plan");
    boolean done = false;
    try {
      Knowledge knowledge =
          new Knowledge(program.inputs(), prepared.plan().known(), kept, KEPT_BYTES);
      List<Value> out =
          new Execution(program, prepared.plan(), scope)
              .run(in, new Value[0], Optional.of(knowledge));
      keep(key, kept, next(prepared.plan(), knowledge.known()));
      done = true;
      return out;
    } finally {
      if (!done) {
        kept.close();
      }
    }
  }

  /// The plan of the next run; it has more to learn as long as branches were decided.
  private Prepared next(Plan plan, @Nullable Value[] known) {
    Branches.Result now = Branches.splice(plan.steps(), known);
    List<Step> fused = Fusions.apply(now.steps(), program.outputs(), now.known());
    Plan next = Plan.of(fused, program.outputs(), now.known());
    return new Prepared(
        next, now.changed() ? Optional.empty() : Optional.of(new Repetition(program, next, idle)));
  }

  /// What was learnt stays until the model is closed: somebody may be running by it.
  private void keep(List<Object> key, Scope scope, Prepared p) {
    synchronized (plans) {
      boolean room = plans.size() < PLANS || plans.containsKey(key);
      if (closed || !room) {
        scope.close();
      } else {
        learnt.add(scope);
        plans.put(key, p);
      }
    }
  }

  private List<Value> check(Map<String, Tensor> inputs) {
    List<Value> in = new ArrayList<>();
    for (Graph.Port p : ports) {
      Tensor t = inputs.get(p.name());
      if (t == null) {
        throw new IllegalArgumentException(
            "%s: every input must be given; %s is missing of %s"
                .formatted(where, p.name(), inputs()));
      }
      in.add(check(p, t));
    }
    if (inputs.size() > ports.size()) {
      throw new IllegalArgumentException(
          "%s: inputs must be among %s; got %s".formatted(where, inputs(), inputs.keySet()));
    }
    return in;
  }

  private Value check(Graph.Port p, Tensor t) {
    Value v = Value.of(t);
    if (p.type().isPresent() && p.type().get().carrier() == v.type().carrier()) {
      v = new Value(p.type().get(), v.tensor());
    }
    boolean fits = p.type().isEmpty() || p.type().get() == v.type();
    if (fits && p.dims().isPresent()) {
      List<String> dims = p.dims().get();
      long[] sizes = t.shape().dims();
      fits = dims.size() == sizes.length;
      for (int i = 0; fits && i < sizes.length; i++) {
        fits = !isSize(dims.get(i)) || dims.get(i).equals(Long.toString(sizes[i]));
      }
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "%s: an input must be as the model says, %s; got %s".formatted(where, port(p), t.spec()));
    }
    return v;
  }

  /// A number, and not a name, which may be empty, or "?".
  private static boolean isSize(String dim) {
    return !dim.isEmpty() && dim.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private void requireOpen() {
    synchronized (plans) {
      if (closed) {
        throw new IllegalStateException(where + " is run after it was closed");
      }
    }
  }

  /// Frees the weights. Closing again does nothing.
  ///
  /// @throws IllegalStateException if it is running
  @Override
  public void close() {
    synchronized (plans) {
      if (!closed) {
        closed = true;
        plans.values().forEach(p -> p.settled().ifPresent(Repetition::close));
        learnt.forEach(Scope::close);
        loading.close();
      }
    }
  }

  @Override
  public String toString() {
    return "OnnxModel[%s, %d nodes]".formatted(where, folded.steps().size());
  }
}

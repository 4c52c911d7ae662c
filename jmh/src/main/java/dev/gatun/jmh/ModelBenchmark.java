package dev.gatun.jmh;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.io.onnx.OnnxModel;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// Models in the ONNX format against ONNX Runtime in the same JVM, inputs made once for both.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class ModelBenchmark {
  /// A model and how near its results must be to those of ONNX Runtime, as a cosine. ONNX Runtime's
  /// optimised int8 graph is as near to its own plain one: a scale for all of a tensor turns the
  /// last bits of a norm into steps of the codes.
  public enum Model {
    MINILM("/all-minilm-l6-v2.onnx", 0.99999),
    MINILM_INT8("/all-minilm-l6-v2-q.onnx", 0.99),
    SILERO("", 0.99999);

    private final String resource;
    private final double cosine;

    Model(String resource, double cosine) {
      this.resource = resource;
      this.cosine = cosine;
    }
  }

  /// The file of Silero's network, which `./gatun vad` leaves in the user's cache.
  static Path silero() {
    String home = System.getProperty("user.home");
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path cache = xdg == null ? Path.of(home, ".cache") : Path.of(xdg);
    return cache.resolve("gatun/silero-vad-1.0.3-16k.onnx");
  }

  /// A constant of [Model].
  @Param({"MINILM", "MINILM_INT8", "SILERO"})
  public Model model = Model.MINILM;

  /// Sequences, and tokens of each; samples of Silero's step are fixed.
  @Param({"1x16", "1x128", "1x256", "8x128"})
  public String size = "1x128";

  /// Threads of both.
  @Param({"1", "2"})
  public int threads = 1;

  /// The compiler has a few hundred methods to go through.
  private static final long SETTLE_NANOS = 25_000_000_000L;

  private CpuDevice device;
  private dev.gatun.tensor.Scope scope;
  private OnnxModel ours;
  private Map<String, Tensor> inputs;
  private OrtSession session;
  private Map<String, OnnxTensor> peerInputs;
  private Duel duel;

  /// Opens both and checks their results against each other.
  @Setup
  public void open(Blackhole hole) throws IOException, OrtException {
    device = CpuDevice.open(CpuDevice.Options.standard().withThreads(threads));
    scope = device.scope("inputs");
    byte[] bytes = bytes();
    ours = OnnxModel.read(MemorySegment.ofArray(bytes), model.name(), device);
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(threads);
    options.setInterOpNumThreads(1);
    session = OrtEnvironment.getEnvironment().createSession(bytes, options);
    inputs = new LinkedHashMap<>();
    peerInputs = new LinkedHashMap<>();
    if (model == Model.SILERO) {
      floats("input", Numbers.uniform(576, -0.5, 0.5, 1), 1, 576);
      floats("state", Numbers.uniform(256, -0.5, 0.5, 2), 2, 1, 128);
      longs("sr", new long[] {16_000});
    } else {
      tokens();
    }
    check();
    duel = new Duel(threads, List.of(this::ours, this::onnxRuntime));
    duel.settle(hole, SETTLE_NANOS, 2 * SETTLE_NANOS);
  }

  private byte[] bytes() throws IOException {
    if (model == Model.SILERO) {
      return Files.readAllBytes(silero());
    }
    try (InputStream in = ModelBenchmark.class.getResourceAsStream(model.resource)) {
      if (in == null) {
        throw new IOException(model.resource + " must be on the class path; it is not");
      }
      return in.readAllBytes();
    }
  }

  private void tokens() throws OrtException {
    long[] dims = Arrays.stream(size.split("x")).mapToLong(Long::parseLong).toArray();
    long[] ids = new long[(int) (dims[0] * dims[1])];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 1_000 + i * 7_919L % 20_000;
    }
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    longs("input_ids", ids, dims);
    longs("attention_mask", ones, dims);
    longs("token_type_ids", new long[ids.length], dims);
  }

  private void longs(String name, long[] values, long... dims) throws OrtException {
    inputs.put(name, scope.tensor(Shape.of(dims), values));
    peerInputs.put(
        name,
        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), LongBuffer.wrap(values), dims));
  }

  private void floats(String name, float[] values, long... dims) throws OrtException {
    inputs.put(name, scope.tensor(Shape.of(dims), values));
    peerInputs.put(
        name,
        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(values), dims));
  }

  private void check() throws OrtException {
    try (dev.gatun.tensor.Scope step = device.scope("check");
        OrtSession.Result peer = session.run(peerInputs)) {
      double[] got =
          ours.run(step, inputs).values().iterator().next().to(DType.F64).toDoubleArray();
      FloatBuffer want = ((OnnxTensor) peer.get(0)).getFloatBuffer();
      double dot = 0;
      double ours = 0;
      double theirs = 0;
      for (int i = 0; i < got.length; i++) {
        dot += got[i] * want.get(i);
        ours += got[i] * got[i];
        theirs += want.get(i) * want.get(i);
      }
      if (!(dot / Math.sqrt(ours * theirs) >= model.cosine)) {
        throw new IllegalStateException(
            "%s: the results must agree; their cosine is %s"
                .formatted(model, dot / Math.sqrt(ours * theirs)));
      }
    }
  }

  /// Frees them.
  @TearDown
  public void close() throws OrtException {
    session.close();
    peerInputs.values().forEach(OnnxTensor::close);
    ours.close();
    scope.close();
    device.close();
  }

  /// The engine, as a user calls it.
  @Benchmark
  public Object ours() {
    try (dev.gatun.tensor.Scope step = device.scope("step")) {
      return ours.run(step, inputs);
    }
  }

  /// ONNX Runtime, as a user calls it.
  @Benchmark
  public Object onnxRuntime() {
    try (OrtSession.Result result = session.run(peerInputs)) {
      return result.get(0).getInfo();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Both in turn.
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  public void duel(Nanos nanos, Blackhole hole) {
    double[] best = duel.round(hole);
    nanos.ours = best[0];
    nanos.peer = best[1];
  }
}

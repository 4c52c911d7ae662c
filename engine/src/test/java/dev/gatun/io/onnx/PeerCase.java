package dev.gatun.io.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.StringJoiner;
import java.util.function.IntToDoubleFunction;

/// A model of one node with its inputs, for [PeerTest]: built as it goes, run here and by ONNX
/// Runtime.
final class PeerCase {
  private static final OrtEnvironment ENV = OrtEnvironment.getEnvironment();

  private final String operator;
  private final int opset;
  private final List<ModelBytes> attributes = new ArrayList<>();
  private final Map<String, Input> inputs = new LinkedHashMap<>();
  private final StringJoiner names = new StringJoiner(",");
  private final StringJoiner told = new StringJoiner(" ");
  private int outputs = 1;
  private double tolerance = 1e-5;

  /// @param type as in files
  private record Input(ElementType type, long[] dims, double[] values) {}

  PeerCase(String operator, int opset) {
    this.operator = operator;
    this.opset = opset;
  }

  /// Elements of FLOAT from the normal distribution.
  PeerCase normal(Random r, long... dims) {
    return input(ElementType.FLOAT, dims, r.doubles(count(dims)).map(u -> gauss(r)).toArray());
  }

  private static double gauss(Random r) {
    return (float) r.nextGaussian();
  }

  /// Whole numbers in `[from, to)`.
  PeerCase whole(Random r, ElementType type, int from, int to, long... dims) {
    return input(type, dims, r.ints(count(dims), from, to).asDoubleStream().toArray());
  }

  /// An INT64 tensor of one axis.
  PeerCase longs(long... values) {
    return input(
        ElementType.INT64,
        new long[] {values.length},
        Arrays.stream(values).asDoubleStream().toArray());
  }

  PeerCase input(ElementType type, long[] dims, double... values) {
    String name = "i" + inputs.size();
    inputs.put(name, new Input(type, dims, values));
    names.add(name);
    told.add(
        type
            + Arrays.toString(dims)
            + (values.length < 9 && type != ElementType.FLOAT ? Arrays.toString(values) : ""));
    return this;
  }

  /// An input that is left out.
  PeerCase none() {
    names.add("");
    told.add("none");
    return this;
  }

  PeerCase with(String name, long value) {
    told.add(name + "=" + value);
    attributes.add(ModelBytes.with(name, value));
    return this;
  }

  PeerCase with(String name, float value) {
    told.add(name + "=" + value);
    attributes.add(ModelBytes.with(name, value));
    return this;
  }

  PeerCase with(String name, String value) {
    told.add(name + "=" + value);
    attributes.add(ModelBytes.with(name, value));
    return this;
  }

  PeerCase with(String name, long[] value) {
    told.add(name + "=" + Arrays.toString(value));
    attributes.add(ModelBytes.with(name, value));
    return this;
  }

  PeerCase with(String name, float[] value) {
    told.add(name + "=" + Arrays.toString(value));
    attributes.add(ModelBytes.with(name, value));
    return this;
  }

  PeerCase texts(String name, List<String> values) {
    told.add(name + "=" + values);
    attributes.add(ModelBytes.texts(name, values));
    return this;
  }

  PeerCase outputs(int count) {
    outputs = count;
    return this;
  }

  PeerCase tolerance(double t) {
    tolerance = t;
    return this;
  }

  private static long count(long... dims) {
    return Arrays.stream(dims).reduce(1, Math::multiplyExact);
  }

  @Override
  public String toString() {
    return operator + " " + opset + ": " + told;
  }

  private byte[] model() {
    StringJoiner results = new StringJoiner(",");
    for (int i = 0; i < outputs; i++) {
      results.add("o" + i);
    }
    ModelBytes node =
        ModelBytes.node(
            operator, names.toString(), results.toString(), attributes.toArray(ModelBytes[]::new));
    ModelBytes graph = ModelBytes.graph("g").add(node);
    inputs.forEach((name, in) -> {
      String[] dims = Arrays.stream(in.dims).mapToObj(Long::toString).toArray(String[]::new);
      graph.input(name, in.type.code(), dims);
    });
    for (int i = 0; i < outputs; i++) {
      graph.output("o" + i);
    }
    return ModelBytes.model(opset, graph).bytes();
  }

  /// What is wrong, or nothing; nothing too where the peer has no answer.
  ///
  /// @param answered told if the peer had one
  Optional<String> differs(CpuDevice device, Runnable answered) throws OrtException {
    byte[] model = model();
    List<double[]> wanted = new ArrayList<>();
    List<long[]> shapes = new ArrayList<>();
    try {
      peer(model, wanted, shapes);
    } catch (OrtException noAnswer) {
      return Optional.empty();
    }
    answered.run();
    if (wanted.stream().flatMapToDouble(Arrays::stream).anyMatch(v -> !Double.isFinite(v))) {
      // Inputs are small: the peer's activations overflow early.
      return Optional.empty();
    }
    try (OnnxModel ours = OnnxModel.read(MemorySegment.ofArray(model), "peer", device);
        Scope scope = device.scope()) {
      List<Value> in = new ArrayList<>();
      for (Input i : inputs.values()) {
        in.add(new Value(i.type, scope.tensor(i.type.carrier(), Shape.of(i.dims), i.values)));
      }
      List<Value> got = ours.run(scope, in);
      for (int o = 0; o < outputs; o++) {
        if (!Arrays.equals(shapes.get(o), got.get(o).shape().dims())) {
          return Optional.of(
              "output " + o + ": " + got.get(o).shape() + " for " + Arrays.toString(shapes.get(o)));
        }
        Optional<String> wrong = compare(wanted.get(o), got.get(o).tensor().toDoubleArray());
        if (wrong.isPresent()) {
          return wrong.map(("output " + o + ": ")::concat);
        }
      }
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      return Optional.of(e.toString());
    }
  }

  private Optional<String> compare(double[] wanted, double[] got) {
    double largest = Arrays.stream(wanted).map(Math::abs).filter(Double::isFinite).max().orElse(0);
    for (int i = 0; i < wanted.length; i++) {
      boolean same =
          wanted[i] == got[i]
              || Double.isNaN(wanted[i]) && Double.isNaN(got[i])
              || Math.abs(wanted[i] - got[i]) <= tolerance * Math.max(1, largest);
      if (!same) {
        return Optional.of("element %d: %s for %s".formatted(i, got[i], wanted[i]));
      }
    }
    return Optional.empty();
  }

  private void peer(byte[] model, List<double[]> values, List<long[]> shapes) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setIntraOpNumThreads(1);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      Map<String, OnnxTensor> feed = new LinkedHashMap<>();
      try (OrtSession session = ENV.createSession(model, options)) {
        for (Map.Entry<String, Input> e : inputs.entrySet()) {
          feed.put(e.getKey(), tensor(e.getValue()));
        }
        try (OrtSession.Result result = session.run(feed)) {
          for (Map.Entry<String, OnnxValue> e : result) {
            OnnxTensor t = (OnnxTensor) e.getValue();
            values.add(doubles(t));
            shapes.add(t.getInfo().getShape());
          }
        }
      } finally {
        feed.values().forEach(OnnxTensor::close);
      }
    }
  }

  private static OnnxTensor tensor(Input in) throws OrtException {
    double[] v = in.values;
    return switch (in.type) {
      case FLOAT -> {
        float[] f = new float[v.length];
        for (int i = 0; i < f.length; i++) {
          f[i] = (float) v[i];
        }
        yield OnnxTensor.createTensor(ENV, FloatBuffer.wrap(f), in.dims);
      }
      case DOUBLE -> OnnxTensor.createTensor(ENV, DoubleBuffer.wrap(v), in.dims);
      case INT64 ->
          OnnxTensor.createTensor(
              ENV, LongBuffer.wrap(Arrays.stream(v).mapToLong(d -> (long) d).toArray()), in.dims);
      case INT32 ->
          OnnxTensor.createTensor(
              ENV, IntBuffer.wrap(Arrays.stream(v).mapToInt(d -> (int) d).toArray()), in.dims);
      default -> {
        ByteBuffer b = ByteBuffer.allocateDirect(v.length);
        for (double d : v) {
          b.put((byte) (int) d);
        }
        yield OnnxTensor.createTensor(ENV, b.flip(), in.dims, OnnxJavaType.valueOf(in.type.name()));
      }
    };
  }

  private static double[] doubles(OnnxTensor t) {
    int n = Math.toIntExact(count(t.getInfo().getShape()));
    double[] v = new double[n];
    switch (t.getInfo().type) {
      case FLOAT -> fill(v, t.getFloatBuffer()::get);
      case DOUBLE -> fill(v, t.getDoubleBuffer()::get);
      case INT64 -> fill(v, t.getLongBuffer()::get);
      case INT32 -> fill(v, t.getIntBuffer()::get);
      case UINT8 -> {
        ByteBuffer b = t.getByteBuffer();
        fill(v, i -> b.get(i) & 0xff);
      }
      default -> {
        ByteBuffer b = t.getByteBuffer();
        fill(v, i -> b.get(i));
      }
    }
    return v;
  }

  private static void fill(double[] v, IntToDoubleFunction f) {
    for (int i = 0; i < v.length; i++) {
      v[i] = f.applyAsDouble(i);
    }
  }
}

package dev.gatun.io.onnx;

import dev.gatun.device.Device;
import dev.gatun.tensor.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A case of the standard's own suite: a folder with `model.onnx` and
/// `test_data_set_N/{input,output}_N.pb`, each a `TensorProto`.
record OnnxCase(String name, Path folder) {
  /// Those of the standard's runner.
  private static final double RELATIVE = 1e-3;

  private static final double ABSOLUTE = 1e-7;

  /// All cases below `root`, by name.
  static List<OnnxCase> in(Path root) {
    try (Stream<Path> folders = Files.walk(root)) {
      return folders
          .filter(f -> Files.isRegularFile(f.resolve("model.onnx")))
          .map(f -> new OnnxCase(String.valueOf(f.getFileName()), f))
          .sorted((a, b) -> a.name.compareTo(b.name))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Why a case of random numbers is not run: it would pass or fail by chance.
  static final String RANDOM = "the case wants the random numbers of another generator";

  /// True if the results are random.
  boolean isRandom() {
    return name.matches("test_bernoulli.*|test_training_dropout(_default)?(_mask)?");
  }

  /// The operators of the model, as its file has them.
  List<String> operators() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment model = MemorySegment.ofArray(Files.readAllBytes(folder.resolve("model.onnx")));
      return new GraphReader(name, new StoredReader(name, Optional.of(folder), arena))
          .model(model).graph().nodes().stream().map(Graph.Node::operator).distinct().toList();
    } catch (IOException e) {
      return List.of("?");
    }
  }

  /// What is wrong, or empty.
  Optional<String> failure(Device device) {
    try (OnnxModel model = OnnxModel.open(folder.resolve("model.onnx"), device);
        Stream<Path> sets = Files.list(folder)) {
      for (Path set :
          sets.filter(p -> String.valueOf(p.getFileName()).startsWith("test_data_set")).toList()) {
        Optional<String> failure = failure(model, set, device);
        if (failure.isPresent()) {
          return failure;
        }
      }
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      return Optional.of(String.valueOf(e.getMessage()).replace(folder + "/", ""));
    }
  }

  private Optional<String> failure(OnnxModel model, Path set, Device device) throws IOException {
    try (Scope scope = device.scope()) {
      List<Value> in = values(set, "input", scope);
      List<Value> wanted = values(set, "output", scope);
      // The second run takes what the first one learnt, and a later one repeats calls of kernels.
      for (int run = 0; run < 5; run++) {
        List<Value> got = model.run(scope, in);
        for (int i = 0; i < wanted.size(); i++) {
          Optional<String> difference = difference(wanted.get(i), got.get(i));
          if (difference.isPresent()) {
            return Optional.of("output " + i + ", run " + run + ": " + difference.get());
          }
        }
      }
      return Optional.empty();
    }
  }

  private List<Value> values(Path set, String kind, Scope scope) throws IOException {
    List<Value> values = new ArrayList<>();
    StoredReader reader = new StoredReader(name, Optional.empty(), Arena.ofAuto());
    for (int i = 0; Files.exists(set.resolve(kind + "_" + i + ".pb")); i++) {
      byte[] bytes = Files.readAllBytes(set.resolve(kind + "_" + i + ".pb"));
      values.add(reader.read(new Protobuf(MemorySegment.ofArray(bytes), name)).load(scope));
    }
    return values;
  }

  private static Optional<String> difference(Value wanted, Value got) {
    if (wanted.type() != got.type() || !wanted.shape().equals(got.shape())) {
      return Optional.of(
          "wanted %s %s, got %s %s"
              .formatted(wanted.type(), wanted.shape(), got.type(), got.shape()));
    }
    if (wanted.type().isInteger()) {
      return first(wanted.tensor().toDoubleArray(), got.tensor().toDoubleArray(), 0);
    }
    return first(wanted.tensor().toDoubleArray(), got.tensor().toDoubleArray(), RELATIVE);
  }

  private static Optional<String> first(double[] wanted, double[] got, double relative) {
    for (int i = 0; i < wanted.length; i++) {
      double bound = relative == 0 ? 0 : ABSOLUTE + relative * Math.abs(wanted[i]);
      boolean same =
          Double.compare(wanted[i], got[i]) == 0
              || wanted[i] == got[i]
              || Math.abs(wanted[i] - got[i]) <= bound;
      if (!same) {
        return Optional.of("element %d: wanted %s, got %s".formatted(i, wanted[i], got[i]));
      }
    }
    return Optional.empty();
  }
}

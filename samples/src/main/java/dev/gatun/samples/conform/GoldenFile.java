package dev.gatun.samples.conform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gatun.io.Npz;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads `X.json` and `X.npz`: the cases of one operator with their inputs and results.
final class GoldenFile {
  /// Relative bounds of F64 results that are not 1e-12: where a softplus switches to the identity,
  /// and where the notes say that the case is ill-conditioned.
  private static final double SOFTPLUS = 1e-9;

  private static final double ILL_CONDITIONED = 1e-10;
  private static final double USUAL = 1e-12;

  private final Path json;
  private final Map<String, Tensor> arrays;

  private GoldenFile(Path json, Map<String, Tensor> arrays) {
    this.json = json;
    this.arrays = arrays;
  }

  /// The cases that `dir/name.json` lists; arrays live in `scope`.
  ///
  /// @throws IOException if a file is missing or not of the format, in one sentence
  static List<GoldenCase> read(Path dir, String name, Scope scope) throws IOException {
    Path json = dir.resolve(name + ".json");
    JsonNode cases = parse(json).path("cases");
    if (!cases.isObject()) {
      throw new IOException(json + ": there must be an object 'cases'; got " + cases.getNodeType());
    }
    Path npz = dir.resolve(name + ".npz");
    if (!Files.isRegularFile(npz)) {
      throw new IOException(npz + ": the arrays of " + json.getFileName() + " are missing");
    }
    GoldenFile file = new GoldenFile(json, Npz.read(npz, scope));
    List<GoldenCase> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> c : cases.properties()) {
      all.add(file.read(c.getKey(), c.getValue()));
    }
    return all;
  }

  private static JsonNode parse(Path json) throws IOException {
    if (!Files.isRegularFile(json)) {
      throw new IOException(json + ": there is no such file");
    }
    try {
      return JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build()
          .readTree(Files.readAllBytes(json));
    } catch (JsonProcessingException e) {
      throw new IOException(json + ": the file must be JSON; " + e.getOriginalMessage(), e);
    }
  }

  private GoldenCase read(String name, JsonNode node) throws IOException {
    Flags flags = new Flags(node.path("flags"));
    double relative64 = relative64(flags, node.path("notes").asText());
    List<Expected> expected = new ArrayList<>();
    JsonNode errors = node.path("f32_vs_f64");
    results(name, "out", errors, relative64, expected);
    results(name, "grad", errors, relative64, expected);
    return new GoldenCase(name, flags, named(name + "_in_"), named(name + "_gout_"), expected);
  }

  private static double relative64(Flags flags, String notes) {
    if (flags.anyTrue("softplus")) {
      return SOFTPLUS;
    }
    return notes.contains("ill-conditioned") ? ILL_CONDITIONED : USUAL;
  }

  private Map<String, Tensor> named(String prefix) {
    Map<String, Tensor> found = new LinkedHashMap<>();
    arrays.forEach((key, t) -> {
      if (key.startsWith(prefix)) {
        found.put(key.substring(prefix.length()), t);
      }
    });
    return found;
  }

  private void results(
      String name, String kind, JsonNode errors, double relative64, List<Expected> into)
      throws IOException {
    Map<String, Tensor> in32 = named(name + "_" + kind + "32_");
    for (Map.Entry<String, Tensor> e : named(name + "_" + kind + "64_").entrySet()) {
      String of = e.getKey();
      double[] values = e.getValue().toDoubleArray();
      JsonNode error = errors.path(kind + "_" + of);
      Optional<double[]> v32 = Optional.ofNullable(in32.get(of)).map(Tensor::toDoubleArray);
      if (v32.filter(v -> v.length != values.length).isPresent()) {
        throw new IOException(
            "%s: %s of %s must have one size in both types".formatted(json, of, name));
      }
      double err32 = stated(error, "err32_max").orElseGet(() -> worst(values, v32.orElse(values)));
      double scale =
          stated(error, "max_abs").orElseGet(() -> worst(values, new double[values.length]));
      into.add(new Expected(of, kind.equals("grad"), values, err32, scale, relative64));
    }
  }

  private static Optional<Double> stated(JsonNode error, String name) {
    JsonNode n = error.path(name);
    return n.isNumber() && Double.isFinite(n.doubleValue())
        ? Optional.of(n.doubleValue())
        : Optional.empty();
  }

  /// The largest finite difference, for files that do not state it.
  private static double worst(double[] a, double[] b) {
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      double d = Math.abs(a[i] - b[i]);
      worst = Double.isFinite(d) ? Math.max(worst, d) : worst;
    }
    return worst;
  }
}

package dev.gatun.io.onnx;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Runs cases of the standard's suite and counts them by operator: `OnnxCases FOLDER [REGEX of
/// names]` prints what fails.
final class OnnxCases {
  private final Map<String, int[]> byOperator = new TreeMap<>();
  private final Map<String, String> failures = new TreeMap<>();
  private int passed;
  private int count;

  private OnnxCases() {}

  /// Runs all cases below `root` whose name matches.
  static OnnxCases run(Path root, String regex) throws IOException {
    OnnxCases all = new OnnxCases();
    try (Device cpu = CpuDevice.open()) {
      for (OnnxCase c : OnnxCase.in(root)) {
        if (c.name().matches(regex)) {
          all.add(c, c.isRandom() ? Optional.of(OnnxCase.RANDOM) : c.failure(cpu));
        }
      }
    }
    return all;
  }

  private void add(OnnxCase c, Optional<String> failure) throws IOException {
    count++;
    boolean expanded = c.name().contains("_expanded");
    List<String> operators = c.operators();
    String operator = expanded || operators.size() != 1 ? "(graphs of several)" : operators.get(0);
    int[] row = byOperator.computeIfAbsent(operator, o -> new int[2]);
    row[1]++;
    if (failure.isEmpty()) {
      passed++;
      row[0]++;
    } else {
      failures.put(c.name(), failure.get());
    }
  }

  int passed() {
    return passed;
  }

  int count() {
    return count;
  }

  /// Passed and all, by operator.
  Map<String, int[]> byOperator() {
    return byOperator;
  }

  /// What is wrong, by case.
  Map<String, String> failures() {
    return failures;
  }

  public static void main(String[] args) throws IOException {
    OnnxCases cases = run(Path.of(args[0]), args.length > 1 ? args[1] : ".*");
    List<String> lines = new ArrayList<>();
    cases.failures.forEach((name, why) -> lines.add(name + ": " + why));
    lines.forEach(System.out::println);
    System.out.printf("%d of %d passed%n", cases.passed, cases.count);
  }
}

package dev.gatun.contract;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What [OpContract] asks, at three small sizes and in F32 alone: for devices that take
/// microseconds an element.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class SmallContract {
  private static final int[] SIZES = {0, 1, 5, 33};

  private Device device;
  private Device reference;

  /// The device under test.
  protected abstract Device open();

  /// Whether `c` is tested.
  protected abstract boolean covers(OpCase c);

  /// As [OpContract#slack()].
  protected abstract double slack();

  @BeforeAll
  void openBoth() {
    device = open();
    reference = CpuDevice.open(CpuDevice.Options.standard().withReferenceKernels().withThreads(1));
  }

  @AfterAll
  void closeBoth() {
    device.close();
    reference.close();
  }

  Stream<OpCase> cases() {
    return OpCases.all().stream().filter(this::covers).filter(c -> c.dtypes().contains(DType.F32));
  }

  Stream<OpCase> gradientCases() {
    return cases().filter(OpContract::hasGradient);
  }

  private static IntStream sizes(OpCase c) {
    return IntStream.of(SIZES).filter(n -> n >= c.smallest() && n <= c.big());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void matchesReference(OpCase c) {
    sizes(c)
        .mapToObj(n -> Run.at(c, DType.F32, n))
        .forEach(r -> Compare.near(r, "small", slack(), r.results(reference), r.results(device)));
  }

  @ParameterizedTest
  @MethodSource("gradientCases")
  void gradientMatchesReference(OpCase c) {
    sizes(c).forEach(n -> compareGradients(c, n));
  }

  private void compareGradients(OpCase c, int n) {
    List<Optional<double[]>> want = Run.at(c, DType.F64, n).gradients(reference);
    Run run = Run.at(c, DType.F32, n);
    List<Optional<double[]>> got = run.gradients(device);
    double bound = Math.max(16 * slack() * c.bound(DType.F32, n), 0x1p-18);
    double scale =
        want.stream().flatMap(Optional::stream).mapToDouble(Compare::scale).max().orElse(0);
    for (int i = 0; i < got.size(); i++) {
      if (got.get(i).isPresent()) {
        String what = run + " gradient of input " + i;
        Compare.near(what, want.get(i).orElseThrow(), got.get(i).get(), bound, scale);
      }
    }
  }
}

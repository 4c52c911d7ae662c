package dev.gatun.contract;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The table of operators. A line here gives an op all tests of [OpContract] on every device, and a
/// benchmark; a package of ops has its own file of lines, such as [MathCases].
///
/// A line names the op, makes its inputs from a [Draw] and says how near the reference a device
/// must come and what must be refused. An op of one input, one that broadcasts, a sum, one with
/// indices and no size 0, one whose attributes depend on the size, and one that writes in place:
///
/// ```java
/// OpCase.of("exp", new Exp(), d -> List.of(d.normal(3, d.n())))
///     .ulps(1.5)
///     .wrong("F32 or F64", "BOOL[2]"),
/// OpCase.of("add.row", new Add(), d -> List.of(d.normal(3, d.n()), d.normal(d.n())))
///     .ulps(0.5)
///     .wrong("shapes must broadcast", "F32[2,3]", "F32[4]"),
/// OpCase.of("sum", new Sum(List.of(1), false), d -> List.of(d.normal(3, d.n())))
///     .ulpsOfScale(n -> 2 + n / 16.0)
///     .wrong("axis", "F32[2]"),
/// OpCase.of(
///         "loss",
///         CrossEntropy.mean(),
///         d -> List.of(d.normal(3, d.n()), d.indices(DType.I64, d.n(), 3)))
///     .from(1)
///     .ulpsOfScale(n -> 4 + n / 16.0)
///     .wrong("agree", "F32[3,5]", "I64[4]"),
/// OpCase.of("slice", n -> new Slice(0, n / 2, n - n / 2, 1), d -> List.of(d.normal(d.n())))
///     .ulps(0)
///     .wrong("within its axis", "F32[0]"),
/// OpCase.of("add.to", new AddTo(), d -> List.of(d.normal(d.n()), d.normal(d.n()))).inPlace(1)
/// ```
///
/// `d.n()` is the size under test: 0, 1, around the vector widths, 207, 1037 and [OpCase#big]; let
/// it be the axis that the inner loop runs along, and keep other axes at 2 to 5. Give two lines to
/// an op with two code paths.
public final class OpCases {
  private OpCases() {}

  /// Every case, or, for work on one, those whose name has a match for the regular expression in
  /// the system property `gatun.cases`.
  public static List<OpCase> all() {
    Pattern wanted = Pattern.compile(System.getProperty("gatun.cases", ""));
    return Stream.of(
            MathCases.ALL,
            ElementwiseCases.ALL,
            FunctionCases.ALL,
            ShapeCases.ALL,
            ReduceCases.ALL,
            AxisCases.ALL,
            IndexCases.ALL,
            LossCases.ALL,
            RandomCases.ALL,
            LinearCases.ALL,
            AttentionCases.ALL,
            CacheCases.ALL,
            ConvCases.ALL,
            RecurrentCases.ALL,
            FourierCases.ALL,
            SsmCases.ALL,
            ScanCases.ALL,
            SelectiveCases.ALL,
            FastWeightCases.ALL,
            TrainCases.ALL,
            FusedCases.ALL,
            RotaryCases.ALL,
            RingCases.ALL,
            QuantizedCases.ALL)
        .flatMap(List::stream)
        .filter(c -> wanted.matcher(c.name()).find())
        .toList();
  }
}

package dev.gatun.contract;

import dev.gatun.train.AdamW;
import dev.gatun.train.Sgd;
import java.util.List;

/// Cases of `dev.gatun.train`. Steps move by about the size of a parameter, so that an error of the
/// step shows in the sum.
final class TrainCases {
  static final List<OpCase> ALL =
      List.of(
          adam("adamw", false),
          adam("adam", true),
          sgd("sgd", new Sgd.Options(0, 0.1, false), 1),
          sgd("sgd.momentum", new Sgd.Options(0.9, 0.1, false), 2),
          sgd("sgd.nesterov", new Sgd.Options(0.9, 0.1, true), 2));

  private TrainCases() {}

  private static OpCase adam(String name, boolean coupled) {
    return OpCase.of(
            name,
            new AdamW.Update(new AdamW.Options(0.9, 0.999, 1e-3, 0.1), coupled, 0.5, 3, 0.7),
            d ->
                List.of(
                    d.normal(d.n()), d.normal(d.n()), d.uniform(0.1, 1, d.n()), d.normal(d.n())))
        .inPlace(3)
        .ulpsOfScale(n -> 8)
        .wrong("there must be 4 inputs", "F32[2]", "F32[2]", "F32[2]")
        .wrong("dtypes must agree", "F32[2]", "F32[2]", "F64[2]", "F32[2]")
        .wrong("shapes must agree", "F32[2]", "F32[2]", "F32[2]", "F32[1,2]");
  }

  private static OpCase sgd(String name, Sgd.Options options, int targets) {
    OpCase c =
        OpCase.of(
            name,
            new Sgd.Update(options, 0.5, 0.7),
            d ->
                targets == 1
                    ? List.of(d.normal(d.n()), d.normal(d.n()))
                    : List.of(d.normal(d.n()), d.normal(d.n()), d.normal(d.n())));
    return c.inPlace(targets)
        .ulpsOfScale(n -> 4)
        .wrong("inputs", "F32[2]")
        .wrong("dtypes must agree", targets == 1 ? two("I32") : three("I32"))
        .wrong("shapes must agree", targets == 1 ? two("F32") : three("F32"));
  }

  private static String[] two(String type) {
    return new String[] {type + "[2]", type + "[3]"};
  }

  private static String[] three(String type) {
    return new String[] {type + "[2]", type + "[2]", type + "[3]"};
  }
}

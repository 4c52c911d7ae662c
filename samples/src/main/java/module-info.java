/// The `gatun` command line and its lessons.
module dev.gatun.samples {
  requires com.fasterxml.jackson.databind;
  requires dev.gatun.engine;
  requires dev.gatun.opencl;
  requires info.picocli;
  requires jdk.incubator.vector;
  requires me.tongfei.progressbar;

  opens dev.gatun.samples to
      info.picocli;
  opens dev.gatun.samples.conform to
      info.picocli;
  opens dev.gatun.samples.digits to
      info.picocli;
  opens dev.gatun.samples.lesson to
      info.picocli;

  uses dev.gatun.device.DeviceProvider;
}

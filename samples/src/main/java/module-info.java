/// The `gatun` command line and its lessons.
@SuppressWarnings("requires-automatic")
module dev.gatun.samples {
  requires ai.djl.tokenizers;
  requires com.fasterxml.jackson.databind;
  requires dev.gatun.engine;
  requires dev.gatun.opencl;
  requires info.picocli;
  requires java.desktop;
  requires java.management;
  requires jdk.incubator.vector;
  requires me.tongfei.progressbar;
  requires org.knowm.xchart;

  opens dev.gatun.samples to
      info.picocli;
  opens dev.gatun.samples.conform to
      info.picocli;
  opens dev.gatun.samples.digits to
      info.picocli;
  opens dev.gatun.samples.lesson to
      info.picocli;
  opens dev.gatun.samples.text to
      info.picocli;
  opens dev.gatun.samples.vad to
      info.picocli;

  uses dev.gatun.device.DeviceProvider;
}

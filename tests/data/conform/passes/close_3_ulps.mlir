// Three units in the last place are close; so are they across zero.
func.func @main() {
  %got1 = stablehlo.constant dense<[0x3C03, 0x0002, 0x7C00]> : tensor<3xf16>
  %want1 = stablehlo.constant dense<[0x3C00, 0x8001, 0x7C00]> : tensor<3xf16>
  stablehlo.custom_call @check.expect_close(%got1, %want1) {has_side_effect = true}
      : (tensor<3xf16>, tensor<3xf16>) -> ()
  %got2 = stablehlo.constant dense<[0x3F83, 0x0002, 0xFF80]> : tensor<3xbf16>
  %want2 = stablehlo.constant dense<[0x3F80, 0x8001, 0xFF80]> : tensor<3xbf16>
  stablehlo.custom_call @check.expect_close(%got2, %want2) {has_side_effect = true}
      : (tensor<3xbf16>, tensor<3xbf16>) -> ()
  %got3 = stablehlo.constant dense<[0x3F800003, 0x00000002, 0x7FC00000]> : tensor<3xf32>
  %want3 = stablehlo.constant dense<[0x3F800000, 0x80000001, 0xFFC00001]> : tensor<3xf32>
  stablehlo.custom_call @check.expect_close(%got3, %want3) {has_side_effect = true}
      : (tensor<3xf32>, tensor<3xf32>) -> ()
  %got4 = stablehlo.constant dense<[0x3FF0000000000003, 0x0000000000000002]> : tensor<2xf64>
  %want4 = stablehlo.constant dense<[0x3FF0000000000000, 0x8000000000000001]> : tensor<2xf64>
  stablehlo.custom_call @check.expect_close(%got4, %want4) {has_side_effect = true}
      : (tensor<2xf64>, tensor<2xf64>) -> ()
  return
}

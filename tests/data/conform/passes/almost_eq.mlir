// A thousandth; of the number, where that is larger than 1.
func.func @main() {
  %got1 = stablehlo.constant dense<[1.0009, 0.0009, 5.0e4, 0x7F800000]> : tensor<4xf32>
  %want1 = stablehlo.constant dense<[1.0, 0.0, 5.0001e4, 0x7F800000]> : tensor<4xf32>
  stablehlo.custom_call @check.expect_almost_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<4xf32>, tensor<4xf32>) -> ()
  %got2 = stablehlo.constant dense<[1.0009, -2.0, 0x7FF8000000000000]> : tensor<3xf64>
  %want2 = stablehlo.constant dense<[1.0, -2.0005, 0xFFF8000000000000]> : tensor<3xf64>
  stablehlo.custom_call @check.expect_almost_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<3xf64>, tensor<3xf64>) -> ()
  %got3 = stablehlo.constant dense<[(1.0, 1.0005), (0.0, 0.0)]> : tensor<2xcomplex<f32>>
  %want3 = stablehlo.constant dense<[(1.0005, 1.0), (0.0, 0.0)]> : tensor<2xcomplex<f32>>
  stablehlo.custom_call @check.expect_almost_eq(%got3, %want3) {has_side_effect = true}
      : (tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>) -> ()
  %got4 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xbf16>
  %want4 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xbf16>
  stablehlo.custom_call @check.expect_almost_eq(%got4, %want4) {has_side_effect = true}
      : (tensor<2xbf16>, tensor<2xbf16>) -> ()
  return
}

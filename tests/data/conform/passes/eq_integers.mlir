// Every width of integers, signed and not.
func.func @main() {
  %got1 = stablehlo.constant dense<[-128, 127]> : tensor<2xi8>
  %want1 = stablehlo.constant dense<[-128, 127]> : tensor<2xi8>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2xi8>, tensor<2xi8>) -> ()
  %got2 = stablehlo.constant dense<[-32768, 32767]> : tensor<2xi16>
  %want2 = stablehlo.constant dense<[-32768, 32767]> : tensor<2xi16>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<2xi16>, tensor<2xi16>) -> ()
  %got3 = stablehlo.constant dense<[-2147483648, 2147483647]> : tensor<2xi32>
  %want3 = stablehlo.constant dense<[-2147483648, 2147483647]> : tensor<2xi32>
  stablehlo.custom_call @check.expect_eq(%got3, %want3) {has_side_effect = true}
      : (tensor<2xi32>, tensor<2xi32>) -> ()
  %got4 = stablehlo.constant dense<[-9223372036854775808, 9223372036854775807]> : tensor<2xi64>
  %want4 = stablehlo.constant dense<[-9223372036854775808, 9223372036854775807]> : tensor<2xi64>
  stablehlo.custom_call @check.expect_eq(%got4, %want4) {has_side_effect = true}
      : (tensor<2xi64>, tensor<2xi64>) -> ()
  %got5 = stablehlo.constant dense<[0, 255]> : tensor<2xui8>
  %want5 = stablehlo.constant dense<[0, 255]> : tensor<2xui8>
  stablehlo.custom_call @check.expect_eq(%got5, %want5) {has_side_effect = true}
      : (tensor<2xui8>, tensor<2xui8>) -> ()
  %got6 = stablehlo.constant dense<[0, 65535]> : tensor<2xui16>
  %want6 = stablehlo.constant dense<[0, 65535]> : tensor<2xui16>
  stablehlo.custom_call @check.expect_eq(%got6, %want6) {has_side_effect = true}
      : (tensor<2xui16>, tensor<2xui16>) -> ()
  %got7 = stablehlo.constant dense<[0, 4294967295]> : tensor<2xui32>
  %want7 = stablehlo.constant dense<[0, 4294967295]> : tensor<2xui32>
  stablehlo.custom_call @check.expect_eq(%got7, %want7) {has_side_effect = true}
      : (tensor<2xui32>, tensor<2xui32>) -> ()
  %got8 = stablehlo.constant dense<[0, 18446744073709551615]> : tensor<2xui64>
  %want8 = stablehlo.constant dense<[0, 18446744073709551615]> : tensor<2xui64>
  stablehlo.custom_call @check.expect_eq(%got8, %want8) {has_side_effect = true}
      : (tensor<2xui64>, tensor<2xui64>) -> ()
  return
}

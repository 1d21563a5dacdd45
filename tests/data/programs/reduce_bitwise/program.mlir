module @reduce_bitwise attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<3x8xui16>, %arg1: tensor<3x8xi1>) -> (tensor<8xui16>, tensor<8xui16>, tensor<3xui16>, tensor<8xi1>, tensor<8xi1>) {
    %c = stablehlo.constant dense<65535> : tensor<ui16>
    %0 = stablehlo.reduce(%arg0 init: %c) applies stablehlo.and across dimensions = [0] : (tensor<3x8xui16>, tensor<ui16>) -> tensor<8xui16>
    %c_0 = stablehlo.constant dense<0> : tensor<ui16>
    %1 = stablehlo.reduce(%arg0 init: %c_0) applies stablehlo.or across dimensions = [0] : (tensor<3x8xui16>, tensor<ui16>) -> tensor<8xui16>
    %c_1 = stablehlo.constant dense<0> : tensor<ui16>
    %2 = stablehlo.reduce(%arg0 init: %c_1) applies stablehlo.xor across dimensions = [1] : (tensor<3x8xui16>, tensor<ui16>) -> tensor<3xui16>
    %c_2 = stablehlo.constant dense<true> : tensor<i1>
    %3 = stablehlo.reduce(%arg1 init: %c_2) applies stablehlo.and across dimensions = [0] : (tensor<3x8xi1>, tensor<i1>) -> tensor<8xi1>
    %c_3 = stablehlo.constant dense<false> : tensor<i1>
    %4 = stablehlo.reduce(%arg1 init: %c_3) applies stablehlo.or across dimensions = [0] : (tensor<3x8xi1>, tensor<i1>) -> tensor<8xi1>
    return %0, %1, %2, %3, %4 : tensor<8xui16>, tensor<8xui16>, tensor<3xui16>, tensor<8xi1>, tensor<8xi1>
  }
}

variable "stores" {
  type = number
}

resource "terraform_data" "store" {
  count = var.stores
  input = "store_${count.index + 1}"
}
